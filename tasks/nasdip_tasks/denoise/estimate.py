"""Blind estimates of noise from one picture."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

# Of a standard normal variable, the median of |x|.
_MEDIAN = 0.6744897501960817
_SAMPLED = 2048
"""Rows and columns of a large picture that suffice to estimate its noise."""
_BINS = 16
"""Stretches of brightness in which the noise is looked at."""
_BAND = 128
"""Rows that are searched for impulses at a time: every pixel takes 25 samples of memory."""


def _high_pass(picture: Tensor) -> Tensor:
    """Return (B, C, H - 2, W - 2), filtered so that slopes vanish and white noise stays as it is.

    The mask of Immerkaer, "Fast noise variance estimation" (CVIU 1996), of norm 6.
    """
    mask = torch.tensor([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]]) / 6
    return F.conv2d(picture, mask.expand(picture.shape[1], 1, 3, 3), groups=picture.shape[1])


def _local_mean(picture: Tensor) -> Tensor:
    """Return (B, C, H, W): the mean of each sample's 5 x 5 surroundings."""
    return F.avg_pool2d(F.pad(picture, (2, 2, 2, 2), mode="replicate"), kernel_size=5, stride=1)


def _noise_and_mean(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Return high-passed samples and their local means, flat, without areas lost to clipping."""
    picture = _spread_bands(_spread_bands(picture).mT).mT
    if min(picture.shape[-2:]) < 3:
        return picture.new_empty(0), picture.new_empty(0)
    noise, mean = _high_pass(picture), _local_mean(picture)[..., 1:-1, 1:-1]
    told = (mean > 0) & (mean < 1)
    return noise[told], mean[told]


def _spread_bands(picture: Tensor) -> Tensor:
    """Return about `_SAMPLED` rows of a taller picture, in bands from all over it."""
    height = int(picture.shape[-2])
    if height <= _SAMPLED:
        return picture
    band = _SAMPLED // 8
    starts = [round(i * (height - band) / 7) for i in range(8)]
    return torch.cat([picture[..., start : start + band, :] for start in starts], dim=-2)


def _deviation(noise: Tensor) -> float:
    """Return median |h| / 0.6745: the deviation of Gaussian h, whatever the few edges among it."""
    return float(noise.abs().median()) / _MEDIAN


def gaussian_sigma(picture: Tensor) -> float:
    """Return the deviation of white Gaussian noise on (1, C, H, W) in [0, 1].

    sigma = median |h| / 0.6745 over the high-passed samples h (Donoho, Johnstone 1994) whose
    local mean is 2 sigma or more from the ends of the range, where clipping cuts the noise off.
    On photographs within 10 % from 10 to 50 of 255, up to 12 % too low at 75; fine texture
    counts as noise, so that a clean photograph gives 0.5 to 3 of 255. Flat pictures, and those
    with a side below 3 pixels, give 0.
    """
    noise, mean = _noise_and_mean(picture)
    if not len(noise):
        return 0.0
    room = torch.minimum(mean, 1 - mean)
    # Strong noise leaves no sample that far from both ends: the 1/16 farthest have to do.
    farthest = float(room.kthvalue(len(room) - len(room) // 16).values)
    sigma = _deviation(noise)
    for _ in range(10):
        before, sigma = sigma, _deviation(noise[room >= min(2 * sigma, farthest)])
        if sigma == before:  # what follows depends on it alone
            break
    return sigma


def rounding(levels: int | None) -> float:
    """Return the deviation that rounding to integer samples leaves, `levels` the one that means 1.

    It is noise, too: a noise-free picture has at least this.
    """
    return 1 / ((levels or 65535) * 12**0.5)


def noise_level(
    picture: Tensor, sigma: float | None, levels: int | None
) -> tuple[float, Sequence[str]]:
    """Return the deviation of the noise in the range [0, 1], and what is to be told of it.

    `sigma` is in 8-bit units; None: it is estimated.
    """
    if sigma is not None:
        return max(sigma / 255, rounding(levels)), []
    found = gaussian_sigma(picture)
    note = f"noise estimated at sigma = {255 * found:.1f} of 255"
    return max(found, rounding(levels)), [note]


def poisson_gaussian(picture: Tensor, zero: float = 0.0) -> tuple[float, float]:
    """Return (gain, sigma) of variance = gain (x - z)_+ + sigma^2 on (1, C, H, W) in [0, 1].

    z is `zero`, where there is no light: above 0 in a picture with samples below it.

    The deviation is estimated in bins of equal population of the local mean, and the line is
    fitted to the variances of those 2 deviations or more from the ends of the range, with both
    coefficients non-negative (Foi et al., "Practical Poissonian-Gaussian noise modeling", 2008).
    On photographs the deviation of mid-grey comes out within 10 %; gain and sigma alone are less
    certain, for they make up for one another. Below 1024 samples the gain is 0.
    """
    from scipy.optimize import nnls

    noise, mean = _noise_and_mean(picture)
    if len(noise) < 64 * _BINS:
        return 0.0, gaussian_sigma(picture)
    parts = mean.argsort().tensor_split(_BINS)
    means = torch.stack([mean[part].mean() for part in parts]).double()
    deviations = torch.tensor([_deviation(noise[part]) for part in parts], dtype=torch.float64)
    room = torch.minimum(means, 1 - means) - 2 * deviations
    inside = room >= min(0.0, float(room.topk(2).values[-1]))
    light = (means - zero).clamp(min=0)
    line = torch.stack([light, torch.ones_like(means)], dim=1)[inside]
    (gain, variance), _ = nnls(line.numpy(), deviations[inside].square().numpy())
    return float(gain), float(variance) ** 0.5


def impulses(picture: Tensor) -> Tensor:
    """Return (1, 1, H, W) bool: pixels at an end of the range that leave their surroundings.

    A pixel counts where a channel is 0 or 1 and differs from the median of the samples of its
    5 x 5 surroundings that are at neither end by more than 0.1. Impulses that change less are
    missed, and clipped highlights of a few pixels are taken for impulses.
    """
    around = F.pad(picture, (2, 2, 2, 2), mode="replicate")
    bands = [
        _impulses_within(around[..., top : top + _BAND + 4, :])
        for top in range(0, int(picture.shape[-2]), _BAND)
    ]
    return torch.cat(bands, dim=-2)


def _impulses_within(around: Tensor) -> Tensor:
    """Return `impulses` of a picture that has two more pixels on every side."""
    picture = around[..., 2:-2, 2:-2]
    extreme = (picture <= 0) | (picture >= 1)
    windows = F.unfold(around, 5)
    batch, _, places = windows.shape
    windows = windows.view(batch, picture.shape[1], 25, places)
    inner = torch.where((windows > 0) & (windows < 1), windows, torch.nan)
    median = inner.nanmedian(dim=2).values.view_as(picture)
    # Where the whole surroundings are at an end, it is a flat area and no impulse.
    stands_out = (picture - median.nan_to_num(nan=0.0)).abs() > 0.1
    return (extreme & stands_out & ~median.isnan()).any(dim=1, keepdim=True)
