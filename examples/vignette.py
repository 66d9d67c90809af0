"""An operator of one's own: a lens that darkens the corners and a sensor that bins 2 x 2 pixels."""

import torch
import torch.nn.functional as F
from torch import Tensor


def forward(picture: Tensor) -> Tensor:
    """Return what the sensor measures, (B, C, H, W) -> (B, C, H / 2, W / 2)."""
    return F.avg_pool2d(picture * _light(picture), 2)


def adjoint(measured: Tensor) -> Tensor:
    """Return A^T y. It may be left out: the fit does not need it, some baselines do."""
    spread = measured.repeat_interleave(2, dim=-2).repeat_interleave(2, dim=-1) / 4
    return spread * _light(spread)


def _light(picture: Tensor) -> Tensor:
    down, across = (
        torch.linspace(-1, 1, side, device=picture.device).square() for side in picture.shape[-2:]
    )
    return 1 / (1 + 0.5 * (down[:, None] + across)).square()
