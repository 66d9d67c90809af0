"""Noise cut off at the ends of the range: what is left of it, and the signal before it."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

_LEAST = 1e-3
"""A quarter of an 8-bit level: less noise than that counts as so much."""
_FAR = 40.0
"""Deviations at which a normal density is 0 in single floats."""
_ITERATIONS = 12
_BAND = 512
"""Rows that are worked on at a time."""


class ClippedNoise:
    """y = clip(x + s(x) n, 0, 1), with n standard normal.

    Foi, "Clipped noisy images: heteroskedastic modeling and practical denoising", 2009. The noise
    counts as cut off at an end of the range where one of the measurements lies there.
    """

    def __init__(self, measured: Tensor, deviation: Callable[[Tensor], Tensor | float]) -> None:
        self._low = bool((measured <= 0).any())
        self._high = bool((measured >= 1).any())
        self._deviation = deviation

    def variance(self, mean: Tensor) -> Tensor:
        """Return Var[y] where E[y] is `mean`, (B, C, H, W)."""
        return _in_bands(lambda part: self._moments(self._signal(part))[1], mean)

    def signal(self, mean: Tensor) -> Tensor:
        """Return the x in [0, 1] of E[y] nearest to `mean`, (B, C, H, W)."""
        return _in_bands(self._signal, mean)

    def _signal(self, mean: Tensor) -> Tensor:
        """Iterate x <- x + E[y] - E[y | x], a contraction since 0 < dE[y | x]/dx <= 1."""
        signal = mean.clamp(0, 1)
        if not (self._low or self._high):
            return signal
        for _ in range(_ITERATIONS):
            signal = (signal + mean - self._moments(signal)[0]).clamp(0, 1)
        return signal

    def _moments(self, signal: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and variance of y given x: those of a censored normal variable."""
        deviation = torch.as_tensor(self._deviation(signal)).to(signal)
        deviation = deviation.clamp(min=_LEAST).expand_as(signal)
        below = -signal / deviation if self._low else torch.full_like(signal, -_FAR)
        above = (1 - signal) / deviation if self._high else torch.full_like(signal, _FAR)
        inside = torch.special.ndtr(above) - torch.special.ndtr(below)
        cut_high = torch.special.ndtr(-above)
        density_below, density_above = _density(below), _density(above)
        slope = density_below - density_above
        mean = signal * inside + deviation * slope + cut_high
        # Around x, where the terms do not cancel.
        spread = inside + below * density_below - above * density_above
        low, high = signal.square() * torch.special.ndtr(below), (1 - signal).square() * cut_high
        variance = deviation.square() * spread + low + high - (mean - signal).square()
        return mean, variance.clamp(min=_LEAST**2)


def _density(standard: Tensor) -> Tensor:
    return (-0.5 * standard.square()).exp() / math.sqrt(2 * math.pi)


def _in_bands(function: Callable[[Tensor], Tensor], picture: Tensor) -> Tensor:
    tops = range(0, int(picture.shape[-2]), _BAND)
    return torch.cat([function(picture[..., top : top + _BAND, :]) for top in tops], dim=-2)
