"""Inverse Haar transform as upsampling."""

import torch
from torch import Tensor
from torch.nn import functional as F

from nasdip_core.architecture.ops import Upsampling


class InverseHaar(Upsampling):
    """(B, 4C, H, W) -> (B, C, 2H, 2W): one level of the orthonormal Haar transform, undone.

    Channels 4c .. 4c + 3 are the mean and the horizontal, vertical and diagonal details a, h, v, d
    of channel c; its pixels are (a ± h ± v ± d) / 2. Learns nothing. Source: Haar, "Zur Theorie der
    orthogonalen Funktionensysteme", 1910; in a network: Liu et al., "Multi-level wavelet-CNN for
    image restoration", CVPR workshop 2018, section 3.2.
    """

    channel_divisor = 4

    def forward(self, features: Tensor) -> Tensor:
        """Return the features at twice the size."""
        a, h, v, d = features.unflatten(1, (-1, 4)).unbind(2)
        corners = [a + h + v + d, a - h + v - d, a + h - v - d, a - h - v + d]
        return F.pixel_shuffle(torch.stack(corners, dim=2).flatten(1, 2) / 2, 2)
