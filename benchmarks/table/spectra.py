"""Spectral distances of an untrained network's output to a picture, as ISNAS ranks networks.

Source: Arican et al., "ISNAS-DIP" (CVPR 2022) and its released code, whose decibels are 10 ln.
Spectra are |FFT2(u) / (H W)|^2, zero frequency in the middle; the strip is the ring whose diameter
is 0.1 to 0.2 of the spectrum's side.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def strip_mse(picture: Array, output: Array) -> float:
    """Return the mean squared difference of the spectra (C, H, W) in the strip, in dB^2.

    NaN where no frequency is in the strip: under 10 pixels.
    """
    differences = _strip(picture) - _strip(output)
    return float(np.mean(differences**2)) if differences.size else np.nan


def strip_distance(picture: Array, output: Array) -> float:
    """Return the Wasserstein-1 distance of the values in the strip, in dB.

    Between the values themselves; the released code puts them into histograms first. NaN where no
    frequency is in the strip.
    """
    differences = np.sort(_strip(picture)) - np.sort(_strip(output))
    return float(np.mean(np.abs(differences))) if differences.size else np.nan


def bandwidth(output: Array, share: float = 0.99) -> float:
    """Return the diameter ratio of the disc that holds a share of the energy, in [0, sqrt 2]."""
    spectrum = _spectrum(output).mean(axis=0)
    ratios = np.linspace(0, 2**0.5, 101)
    distance = _distance(output)
    within = [spectrum[distance <= ratio].sum() for ratio in ratios]
    return float(np.interp(share, np.array(within) / spectrum.sum(), ratios))


def _strip(samples: Array) -> Array:
    distance = _distance(samples)
    ring = (distance >= 0.1) & (distance < 0.2)
    values: Array = 10 * np.log(_spectrum(samples)[:, ring] + 1e-20)
    return values.ravel()


def _spectrum(samples: Array) -> Array:
    transformed = np.fft.fft2(samples, norm="forward")
    spectrum: Array = np.abs(np.fft.fftshift(transformed, axes=(-2, -1))) ** 2
    return spectrum


def _distance(samples: Array) -> Array:
    """Return how far each frequency is from zero, 1 at the middle of a side."""
    rows, columns = (np.fft.fftshift(np.fft.fftfreq(side)) * 2 for side in samples.shape[-2:])
    distance: Array = np.hypot(rows[:, None], columns[None, :])
    return distance
