"""Haze by the dark channel prior: air-light, transmission, and the scene behind it.

He, Sun, Tang, "Single image haze removal using dark channel prior", TPAMI 2011, with a guided
filter in place of matting.
"""

import torch.nn.functional as F
from torch import Tensor

from nasdip_core.imaging.guided_filter import guided_filter

_LEAST = 0.1
"""Transmission below which what is left of the scene is mostly noise."""


def dark_channel(picture: Tensor, window: int) -> Tensor:
    """Return min over channels and a window around each pixel, (B, C, H, W) -> (B, 1, H, W)."""
    light = -picture.amin(dim=1, keepdim=True)
    # By rows, then by columns: a square at once would take `window` times as long.
    rows = F.max_pool2d(light, (window, 1), stride=1, padding=(window // 2, 0))
    return -F.max_pool2d(rows, (1, window), stride=1, padding=(0, window // 2))


def air_light(picture: Tensor, window: int, share: float = 0.001) -> Tensor:
    """Return the colour (1, C, 1, 1) of the brightest of the haziest pixels (2011, 4.4)."""
    haze = dark_channel(picture, window).flatten()
    haziest = haze.topk(max(1, round(share * haze.numel()))).indices
    colours = picture.flatten(2)[..., haziest]
    brightest = colours.mean(dim=1).argmax()
    return colours[..., brightest, None, None]


def transmission(picture: Tensor, air: Tensor, window: int, omega: float = 0.95) -> Tensor:
    """Return t = 1 - omega dark(I / A), refined with the picture as guide: (1, 1, H, W)."""
    haze = dark_channel(picture / air.clamp(min=1e-3), window)
    # The window is 15 of 600 pixels in the paper, the radius 4 times as large.
    return guided_filter(picture.mean(dim=1, keepdim=True), 1 - omega * haze, 2 * window, 1e-3)


def scene(picture: Tensor, through: Tensor, air: Tensor) -> Tensor:
    """Return J = (I - A) / max(t, 0.1) + A, clipped to [0, 1] (2011, eq. 22)."""
    return ((picture - air) / through.clamp(min=_LEAST) + air).clamp(0, 1)
