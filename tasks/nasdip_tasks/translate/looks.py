"""Looks that are made of a clean picture."""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor


def looking(picture: Tensor, look: Literal["grey", "edges"]) -> Tensor:
    """Return (B, C, H, W) in [0, 1] without its colour, or as its edges."""
    grey = picture.mean(dim=1, keepdim=True)
    return (edges(grey) if look == "edges" else grey).expand_as(picture).contiguous()


def edges(grey: Tensor) -> Tensor:
    """Return 1 - |grad x|, (B, 1, H, W) in [0, 1]: dark where the picture changes."""
    padded = F.pad(grey, (0, 1, 0, 1), mode="replicate")
    across, down = padded[..., :-1, 1:] - grey, padded[..., 1:, :-1] - grey
    return 1 - (across.square() + down.square()).sqrt().clamp(0, 1)
