"""PSNR and SSIM against their definitions and other implementations."""

import math

import kornia.metrics
import pytest
import skimage.metrics
import torch

from nasdip_core.imaging.metrics import psnr, ssim


def pair(channels: int, size: int = 24) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(channels)
    clean = torch.rand(1, channels, size, size, generator=generator)
    noise = torch.randn(clean.shape, generator=generator)
    return clean, (clean + 0.1 * noise).clamp(0, 1)


def test_psnr_of_a_constant_error() -> None:
    clean = torch.zeros(1, 3, 4, 4)
    assert psnr(clean, clean + 0.1) == pytest.approx(20)
    assert psnr(clean, clean.clone()) == math.inf


@pytest.mark.parametrize("channels", [1, 3])
def test_psnr_agrees_with_scikit_image(channels: int) -> None:
    clean, noisy = pair(channels)
    wanted = skimage.metrics.peak_signal_noise_ratio(clean.numpy(), noisy.numpy(), data_range=1)
    assert psnr(clean, noisy) == pytest.approx(float(wanted), abs=1e-4)
    assert psnr(noisy, clean) == psnr(clean, noisy)


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_agrees_with_kornia_inside(channels: int) -> None:
    clean, noisy = pair(channels)
    every = kornia.metrics.ssim(clean, noisy, 11, max_val=1.0)
    value = ssim(clean, noisy)
    assert value == pytest.approx(float(every[..., 5:-5, 5:-5].mean()), abs=1e-4)
    assert ssim(clean, clean) == pytest.approx(1)


def test_gaps_of_the_truth_are_not_compared() -> None:
    clean, noisy = pair(3)
    holed = clean.clone()
    holed[..., :4] = torch.nan
    assert psnr(noisy, holed) == pytest.approx(psnr(noisy[..., 4:], clean[..., 4:]))
    assert math.isnan(psnr(holed, clean))
    assert ssim(noisy, holed) is None


def test_ssim_needs_eleven_pixels() -> None:
    clean, noisy = pair(3, 11)
    assert ssim(clean, noisy) is not None
    assert ssim(clean[..., :10], noisy[..., :10]) is None
    assert ssim(clean[..., :10, :], noisy[..., :10, :]) is None


def test_shapes_must_agree() -> None:
    for measure in (psnr, ssim):
        with pytest.raises(ValueError, match="shape"):
            measure(torch.zeros(1, 3, 12, 12), torch.zeros(1, 1, 12, 12))
        with pytest.raises(ValueError, match="shape"):
            measure(torch.zeros(3, 12, 12), torch.zeros(3, 12, 12))


def test_the_layout_in_memory_changes_no_digit() -> None:
    """A checkpoint brings back another layout than an average has."""
    clean, noisy = pair(3, 13)
    elsewhere = noisy.to(memory_format=torch.channels_last)
    assert not elsewhere.is_contiguous()
    assert psnr(elsewhere, clean) == psnr(noisy, clean)
    assert psnr(clean, elsewhere) == psnr(clean, noisy)
