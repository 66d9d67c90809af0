"""Wavelet shrinkage."""

import math
from typing import TYPE_CHECKING, ClassVar

from nasdip_core.baseline import Baseline

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.restoration import RestorationProblem

_LEVELS = 4


class Wavelet(Baseline["RestorationProblem"]):
    """BayesShrink: soft threshold sigma^2 / sigma_x of every sub-band, orthonormal Daubechies-2.

    Chang, Yu, Vetterli, "Adaptive wavelet thresholding for image denoising and compression",
    2000, section III.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"denoise"})

    def restore(self, problem: "RestorationProblem") -> "Tensor":
        """Return the shrunk (1, C, H, W)."""
        import torch.nn.functional as F

        height, width = problem.measured.shape[-2:]
        below, right = (-side % 2**_LEVELS for side in (height, width))
        padded = F.pad(problem.measured.double(), (0, right, 0, below), mode="replicate")
        restored = _shrunk(padded, problem.noise_level() ** 2, _LEVELS)
        return restored[..., :height, :width].float()


def _shrunk(picture: "Tensor", variance: float, levels: int) -> "Tensor":
    """Return a picture with its detail shrunk on this level and the coarser ones."""
    if not levels:
        return picture
    rows, columns = (_transform(int(side)) for side in picture.shape[-2:])
    bands = rows @ picture @ columns.T
    height, width = picture.shape[-2] // 2, picture.shape[-1] // 2
    top, left = slice(None, height), slice(None, width)
    bottom, right = slice(height, None), slice(width, None)
    for place in ((top, right), (bottom, left), (bottom, right)):
        bands[..., *place] = _soft(bands[..., *place], variance)
    bands[..., top, left] = _shrunk(bands[..., top, left], variance, levels - 1)
    restored: Tensor = rows.T @ bands @ columns
    return restored


def _soft(band: "Tensor", variance: float) -> "Tensor":
    """Return a sub-band (1, C, h, w) with its threshold taken off, channel by channel."""
    signal = (band.square().mean(dim=(-2, -1), keepdim=True) - variance).clamp(min=0).sqrt()
    # A band without signal has an infinite threshold; one without noise a threshold of zero.
    threshold = variance / signal.clamp(min=1e-12)
    return band.sign() * (band.abs() - threshold).clamp(min=0)


def _transform(side: int) -> "Tensor":
    """Return the orthogonal matrix (side, side) of one level: low half above, high half below."""
    import torch

    root = math.sqrt(3)
    low = [(1 + root), (3 + root), (3 - root), (1 - root)]
    high = [low[3], -low[2], low[1], -low[0]]
    matrix = torch.zeros(side, side, dtype=torch.float64)
    half = torch.arange(side // 2)
    for i in range(4):
        # Added, since a side of 2 wraps around onto the same places.
        matrix[half, (2 * half + i) % side] += low[i] / (4 * math.sqrt(2))
        matrix[half + side // 2, (2 * half + i) % side] += high[i] / (4 * math.sqrt(2))
    return matrix
