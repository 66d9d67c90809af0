"""Truncated singular values, non-negative factors and soft-impute keep the contract."""

from typing import Any

import pytest
import torch
from torch import Tensor

from nasdip_core.factorization import FactorizationProblem, Layout
from nasdip_core.plugins import Plugins
from nasdip_core.seeds import generator

NAMES = ["truncated-svd", "nmf", "soft-impute"]


def problem_of(picture: Tensor, truth: Tensor | None = None) -> FactorizationProblem:
    """A third of the entries is missing."""
    known = torch.rand(picture.shape, generator=generator(0, "known")) > 0.33
    channels, height, width = picture.shape[1:]
    layout = Layout((channels, height, width), (height, 1), (1, width))
    if channels > 1:
        layout = Layout((channels, height, width), (height, width), (1, channels))
    seen = torch.where(known, picture, 0)
    return FactorizationProblem(
        seen, known, layout, rank=3, draws=generator(0, "test"), truth=truth
    )


def smooth(channels: int) -> Tensor:
    """A picture (1, C, 24, 16) of rank 3."""
    y, x = torch.linspace(0, 3, 24)[:, None], torch.linspace(0, 2, 16)[None]
    shift = torch.arange(channels)[:, None, None]
    return (0.5 + 0.3 * torch.sin(y + x + shift) + 0.1 * x * y / 6)[None]


@pytest.mark.parametrize("channels", [1, 6])
@pytest.mark.parametrize("name", NAMES)
def test_finds_what_is_missing(name: str, channels: int, plugins: Plugins) -> None:
    """In matrices and cubes, without the truth, the same twice."""
    clean = smooth(channels)
    baseline: Any = plugins.create("baseline", f"nasdip:{name}")
    problem = problem_of(clean)
    found = baseline.restore(problem)
    assert found.shape == clean.shape
    assert torch.equal(found, baseline.restore(problem_of(clean, 1 - clean)))
    known = problem.layout.back(problem.known.float()) > 0
    mean = clean[known].mean()
    assert (found - clean)[~known].norm() < 0.7 * (mean - clean)[~known].norm()
    assert baseline.tasks == {"factorize"}
    assert baseline.fills


@pytest.mark.parametrize("name", NAMES)
def test_survives_a_flat_picture(name: str, plugins: Plugins) -> None:
    """Without structure there is nothing to divide by."""
    for level in (0.0, 0.5):
        baseline: Any = plugins.create("baseline", f"nasdip:{name}")
        found = baseline.restore(problem_of(torch.full((1, 1, 8, 9), level)))
        assert found.isfinite().all()
