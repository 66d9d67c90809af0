"""A mark that lies over several pictures alike, estimated from their slopes."""

import numpy as np
import torch
from scipy.fft import dctn, idctn
from torch import Tensor

from nasdip_core.mixture import steepness

MOST = 0.95
"""Opacity above which a picture cannot be told through a mark."""
_ROUNDS, _REWEIGHTED = 4, 6
_RIDGE, _OFF = 0.02, 0.01
_EXPLAINED = 0.5
"""Share of the slopes at a place that the mark must explain to be seen there."""


def shared_mark(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Return opacity m (1, 1, H, W) and m w (1, C, H, W) of I_k = (1 - m) J_k + m w.

    `pictures` is (K, C, H, W) in [0, 1], K > 1. Where J_k is even, D I_k = D(m w) - J_k D m: a line
    through K points for each place and channel, whose slopes are integrated. By least absolute
    deviations, as the slopes of J_k are seldom large; J_k is known better with each round.
    """
    mark = torch.zeros_like(pictures[:1])
    opacity = torch.zeros_like(mark[:, :1])
    slopes = steepness(pictures)
    for _ in range(_ROUNDS):
        clean = unmarked(pictures, opacity, mark)
        lines = [
            _line(slope, clean + rise / 2)
            for slope, rise in zip(slopes, steepness(clean), strict=True)
        ]
        opacity = integrated(lines[0][0], lines[1][0]).clamp(0, MOST)
        mark = integrated(lines[0][1], lines[1][1]).clamp(min=0).minimum(opacity)
    return opacity, mark


def median_mark(pictures: Tensor) -> Tensor:
    """Return m w (1, C, H, W), integrated from the median of the slopes of (K, C, H, W).

    Dekel et al., "On the effectiveness of visible watermarks", CVPR 2017, section 3.1.
    """
    down, across = (slope.quantile(0.5, dim=0, keepdim=True) for slope in steepness(pictures))
    return integrated(down, across)


def unmarked(pictures: Tensor, opacity: Tensor, mark: Tensor) -> Tensor:
    """Return J_k = (I_k - m w) / (1 - m) in [0, 1]; `mark` is m w."""
    return ((pictures - mark) / (1 - opacity.clamp(max=MOST))).clamp(0, 1)


def integrated(down: Tensor, across: Tensor) -> Tensor:
    """Return the picture (1, C, H, W) of median 0 whose slopes are nearest to those given.

    By the Poisson equation, with a cosine transform.
    """
    y, x = (slope[0].cpu().double().numpy().copy() for slope in (down, across))
    y[:, -1], x[..., -1] = 0, 0
    curved = np.diff(y, axis=1, prepend=0) + np.diff(x, axis=2, prepend=0)
    height, width = y.shape[1:]
    rows, columns = (2 * np.cos(np.pi * np.arange(n) / n) - 2 for n in (height, width))
    scale = rows[:, None] + columns
    scale[0, 0] = 1
    waves = dctn(curved, axes=(1, 2), norm="ortho") / scale
    waves[:, 0, 0] = 0
    found = idctn(waves, axes=(1, 2), norm="ortho")
    found -= np.median(found, axis=(1, 2), keepdims=True)
    return torch.from_numpy(found).to(down)[None]


def _line(slope: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
    """Return p (1, 1, H, W) and q (1, C, H, W) of slope = q - p level, 0 where there is no line.

    `slope` and `level` are (K, C, H, W). By reweighted least squares.
    """
    weights = torch.ones_like(slope)
    for _ in range(_REWEIGHTED):
        total = weights.sum(dim=0, keepdim=True)
        mean, middle = (
            (weights * each).sum(dim=0, keepdim=True) / total for each in (slope, level)
        )
        away = level - middle
        along = (weights * (slope - mean) * away).sum(dim=(0, 1), keepdim=True)
        spread = (weights * away.square()).sum(dim=(0, 1), keepdim=True)
        p = -along / (spread + _RIDGE * weights.mean(dim=(0, 1), keepdim=True))
        q = mean + p * middle
        left = slope + p * level - q
        weights = 1 / (left.square() + _OFF**2).sqrt()
    unexplained, all_ = (each.abs().mean(dim=(0, 1), keepdim=True) for each in (left, slope))
    seen = unexplained < (1 - _EXPLAINED) * all_
    return p * seen, q * seen
