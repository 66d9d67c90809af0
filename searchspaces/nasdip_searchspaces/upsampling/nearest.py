"""Nearest upsampling."""

from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from nasdip_core.architecture.ops import Upsampling


class Nearest(Upsampling):
    """(B, C, H, W) -> (B, C, 2H, 2W). Every pixel becomes a block of 2 x 2.

    Learns nothing and ignores kernel and dilation.
    """

    repeats: ClassVar[bool] = True

    def forward(self, features: Tensor) -> Tensor:
        """Return the features at twice the size."""
        return F.interpolate(features, scale_factor=2.0, mode="nearest")
