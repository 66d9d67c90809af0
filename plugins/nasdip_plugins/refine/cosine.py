"""First estimates without a pilot: thresholded cosine transforms, and filled gaps."""

import numpy as np
import torch
import torch.nn.functional as F
from scipy.fft import dct
from torch import Tensor

_PATCH, _STRIDE = 8, 2
_THRESHOLD = 2.1
_FLOATS = 2**20
"""Samples of all patches that are held at a time."""


def thresholded(noisy: Tensor, variance: Tensor) -> Tensor:
    """Return (1, C, H, W) without the cosine coefficients of 8 x 8 patches below 2.1 deviations.

    Yu, Sapiro, "DCT image denoising: a simple and effective image denoising algorithm", 2011,
    with a cosine transform across the channels, too: of three it makes grey and two opponent
    colours. Estimates of overlapping patches are averaged by the inverse number of coefficients.
    `variance` (1, C, H, W) is that of the noise; its mean over a patch counts.
    """
    height, width = (int(length) for length in noisy.shape[-2:])
    side = min(_PATCH, height, width)
    stride = min(_STRIDE, side)
    extra = [-(length - side) % stride for length in (height, width)]
    padded, spread = (
        F.pad(picture, (0, extra[1], 0, extra[0]), mode="replicate")
        for picture in (noisy, variance)
    )
    total, weight = torch.zeros_like(padded), torch.zeros_like(padded[:, :1])
    across = (int(padded.shape[-1]) - side) // stride + 1
    floats = across * int(noisy.shape[1]) * side**2
    rows = max(1, _FLOATS // floats) * stride
    for top in range(0, int(padded.shape[-2]) - side + 1, rows):
        part = slice(top, min(top + rows - stride + side, int(padded.shape[-2])))
        found, share = _band(padded[..., part, :], spread[..., part, :], side, stride)
        total[..., part, :] += found
        weight[..., part, :] += share
    return (total / weight)[..., :height, :width]


def _band(noisy: Tensor, variance: Tensor, side: int, stride: int) -> tuple[Tensor, Tensor]:
    """Return the sums (1, C, h, w) of weighted estimates and the weights (1, 1, h, w)."""
    channels, size = int(noisy.shape[1]), noisy.shape[-2:]
    rows = _cosines(side).to(noisy)
    plane = torch.kron(rows, rows)  # (D, D), D = side^2
    mixing = _cosines(channels).to(noisy)
    patches = F.unfold(noisy, side, stride=stride).view(channels, side**2, -1)  # (C, D, L)
    coefficients = torch.tensordot(mixing, plane @ patches, dims=1)
    level = F.unfold(variance, side, stride=stride).mean(dim=1).sqrt()  # (1, L)
    kept = coefficients.abs() > _THRESHOLD * level
    kept[0, 0] = True
    share = 1 / kept.sum(dim=(0, 1)).to(noisy)  # (L)
    estimate = plane.T @ torch.tensordot(mixing.T, coefficients * kept, dims=1) * share
    folded = F.fold(estimate.flatten(0, 1)[None], size, side, stride=stride)
    return folded, F.fold(share.expand(1, side**2, -1), size, side, stride=stride)


def _cosines(count: int) -> Tensor:
    """Return the orthonormal cosine transform (DCT-II) of `count` samples, a row a frequency."""
    return torch.from_numpy(dct(np.eye(count), axis=0, norm="ortho")).float()


def smoothed(picture: Tensor) -> Tensor:
    """Return (1, C, H, W): the mean of each sample's 7 x 7 surroundings."""
    return F.avg_pool2d(F.pad(picture, (3,) * 4, mode="replicate"), 7, stride=1)


def filled(picture: Tensor, known: Tensor) -> Tensor:
    """Return (1, C, H, W) with what is not known taken from means of larger and larger blocks.

    The pull-push method of Gortler et al., "The lumigraph", 1996. Reads known samples only.
    """
    weight = known.to(picture)
    return _filled(torch.where(known, picture, 0), weight)


def _filled(total: Tensor, weight: Tensor) -> Tensor:
    """Return total / weight, and where the weight is 0 the same of a picture of half the size."""
    mean = total / weight.clamp(min=1e-12)
    height, width = total.shape[-2:]
    if bool((weight > 0).all()) or max(height, width) == 1:
        return mean
    extra = (0, int(width) % 2, 0, int(height) % 2)
    halved = [F.avg_pool2d(F.pad(one, extra), 2) for one in (total, weight)]
    coarse = F.interpolate(_filled(*halved), scale_factor=2.0, mode="bilinear")
    return torch.where(weight > 0, mean, coarse[..., :height, :width])
