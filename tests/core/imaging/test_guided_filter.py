"""Edges of another picture are kept."""

import torch

from nasdip_core.imaging.guided_filter import guided_filter
from nasdip_core.imaging.read import read_picture


def test_the_guided_filter_keeps_what_the_guide_explains() -> None:
    guide = read_picture("sample:coffee").tensor()[..., 40:136, 50:150].mean(dim=1, keepdim=True)
    assert torch.allclose(
        guided_filter(guide, 0.5 * guide + 0.1, 8, 1e-8), 0.5 * guide + 0.1, atol=1e-3
    )
    flat = guided_filter(torch.zeros_like(guide), guide, 200, 1e-3)
    assert torch.allclose(flat, guide.mean().expand_as(flat), atol=1e-5)
