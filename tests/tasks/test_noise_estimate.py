"""The estimates of noise hold what they say, on photographs and where there is nothing to see."""

from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.samples import sample_names
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_tasks.denoise import estimate
from nasdip_tasks.denoise.options import DenoiseCorruption
from nasdip_tasks.denoise.task import Denoise

TASK = Denoise(Plugins.discover())
SAMPLES = sample_names()


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@cache
def photograph(name: str) -> Tensor:
    return picture_of(f"sample:{name}").tensor()


def stored(picture: Tensor) -> Tensor:
    """Return a picture as 8-bit files hold it."""
    return (picture * 255).round() / 255


def noisy(clean: Tensor, **options: Any) -> Tensor:
    corruption = parse(DenoiseCorruption, options, "corrupt")
    return stored(TASK.corrupt(clean, corruption, draws()).picture)


class TestGaussianSigma:
    @pytest.mark.parametrize("sigma", [10, 25, 50])
    @pytest.mark.parametrize("name", SAMPLES)
    def test_within_10_percent_on_photographs(self, name: str, sigma: float) -> None:
        found = 255 * estimate.gaussian_sigma(noisy(photograph(name), sigma=sigma))
        assert found == pytest.approx(sigma, rel=0.1)

    @pytest.mark.parametrize("name", SAMPLES)
    def test_strong_noise_is_a_little_underrated(self, name: str) -> None:
        found = 255 * estimate.gaussian_sigma(noisy(photograph(name), sigma=75))
        assert 0.88 * 75 <= found <= 1.02 * 75

    @pytest.mark.parametrize("name", SAMPLES)
    def test_texture_counts_a_little(self, name: str) -> None:
        assert 0 <= 255 * estimate.gaussian_sigma(photograph(name)) <= 3

    @pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
    @pytest.mark.parametrize("size", [(1, 1), (1, 9), (40, 40)])
    def test_a_flat_picture_has_none(self, level: float, size: tuple[int, int]) -> None:
        assert estimate.gaussian_sigma(torch.full((1, 3, *size), level)) == 0

    @pytest.mark.parametrize("level", [0.0, 1.0])
    def test_areas_at_an_end_of_the_range_are_left_out(self, level: float) -> None:
        """Two thirds of the picture tell nothing: noise is painted over there, or half cut off."""
        painted = noisy(torch.full((1, 1, 150, 150), 0.5), sigma=20)
        painted[..., :100, :] = level
        assert 255 * estimate.gaussian_sigma(painted) == pytest.approx(20, rel=0.06)
        clean = torch.full((1, 1, 150, 150), 0.5)
        clean[..., :100, :] = level
        clipped = noisy(clean, sigma=20)
        assert 255 * estimate.gaussian_sigma(clipped) == pytest.approx(20, rel=0.06)

    def test_the_border_counts_like_the_rest(self) -> None:
        """A strip of 3 x 2000 pixels has hardly anything else."""
        strip = noisy(torch.full((1, 3, 3, 2000), 0.5), sigma=20)
        assert 255 * estimate.gaussian_sigma(strip) == pytest.approx(20, rel=0.06)

    def test_slopes_are_no_noise(self) -> None:
        slope = torch.linspace(0.1, 0.9, 64).expand(1, 1, 64, 64)
        assert estimate.gaussian_sigma(slope) < 1e-6


class TestPoissonGaussian:
    @pytest.mark.parametrize(("gain", "sigma"), [(1, 25), (4, 5), (4, 25), (8, 10)])
    @pytest.mark.parametrize("name", SAMPLES)
    def test_the_deviation_of_mid_grey_is_within_10_percent(
        self, name: str, gain: float, sigma: float
    ) -> None:
        damaged = noisy(photograph(name), noise="poisson-gaussian", gain=gain, sigma=sigma)
        found_gain, found_sigma = estimate.poisson_gaussian(damaged)
        found = 255 * (found_gain * 0.5 + found_sigma**2) ** 0.5
        assert found == pytest.approx((gain * 127.5 + sigma**2) ** 0.5, rel=0.1)

    @pytest.mark.parametrize(("gain", "sigma"), [(4, 5), (8, 10), (4, 25)])
    def test_gain_and_sigma_on_a_photograph_of_all_tones(self, gain: float, sigma: float) -> None:
        damaged = noisy(photograph("chelsea"), noise="poisson-gaussian", gain=gain, sigma=sigma)
        found_gain, found_sigma = estimate.poisson_gaussian(damaged)
        assert 255 * found_gain == pytest.approx(gain, rel=0.2)
        assert 255 * found_sigma == pytest.approx(sigma, rel=0.25)

    def test_is_exact_on_a_slope(self) -> None:
        slope = torch.linspace(0.1, 0.9, 300).expand(1, 1, 300, 300)
        damaged = noisy(slope, noise="poisson-gaussian", gain=4, sigma=8)
        gain, sigma = estimate.poisson_gaussian(damaged)
        assert 255 * gain == pytest.approx(4, rel=0.1)
        assert 255 * sigma == pytest.approx(8, rel=0.2)

    def test_is_gaussian_in_a_small_picture(self) -> None:
        damaged = noisy(torch.full((1, 1, 30, 30), 0.5), sigma=20)
        assert estimate.poisson_gaussian(damaged) == (0.0, estimate.gaussian_sigma(damaged))

    @pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
    def test_a_flat_picture_has_none(self, level: float) -> None:
        assert estimate.poisson_gaussian(torch.full((1, 3, 40, 40), level)) == (0, 0)


class TestImpulses:
    @pytest.mark.parametrize("amount", [0.05, 0.3])
    @pytest.mark.parametrize("name", SAMPLES)
    def test_are_found_on_photographs(self, name: str, amount: float) -> None:
        clean = photograph(name)
        damaged = noisy(clean, noise="salt-and-pepper", amount=amount)
        change = (damaged - clean).abs().amax(dim=1, keepdim=True)
        found = estimate.impulses(damaged)
        assert float(found[change > 0].float().mean()) >= 0.92
        assert float(found[change > 0.2].float().mean()) >= 0.98
        assert float((change[found] > 0).float().mean()) >= (0.9 if amount < 0.1 else 0.98)

    def test_are_found_exactly_where_nothing_else_is_extreme(self) -> None:
        clean = 0.3 + 0.4 * torch.rand(1, 3, 40, 40, generator=draws())
        damaged = TASK.corrupt(
            clean, DenoiseCorruption(noise="salt-and-pepper", amount=0.4), draws()
        ).picture
        changed = (damaged != clean).any(dim=1, keepdim=True)
        assert torch.equal(estimate.impulses(damaged), changed)

    @pytest.mark.parametrize("level", [0.0, 1.0])
    def test_areas_of_black_or_white_are_none(self, level: float) -> None:
        picture = torch.full((1, 1, 20, 20), level)
        assert not estimate.impulses(picture).any()
        picture[..., :10, :] = level + (0.05 if level == 0 else -0.05)
        assert not estimate.impulses(picture).any()

    def test_of_one_channel_count(self) -> None:
        picture = torch.full((1, 3, 5, 5), 0.5)
        picture[0, 1, 2, 3] = 1
        found = estimate.impulses(picture)
        assert found.shape == (1, 1, 5, 5)
        assert found.nonzero().tolist() == [[0, 0, 2, 3]]

    def test_one_alone_in_a_corner(self) -> None:
        picture = torch.full((1, 1, 4, 4), 0.5)
        picture[..., 0, 0] = 0
        assert estimate.impulses(picture).nonzero().tolist() == [[0, 0, 0, 0]]

    @pytest.mark.parametrize("size", [(1, 1), (1, 3), (2, 2)])
    def test_in_tiny_pictures(self, size: tuple[int, int]) -> None:
        assert not estimate.impulses(torch.ones(1, 1, *size)).any()


def test_impulses_do_not_depend_on_the_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = torch.rand(1, 3, 50, 40, generator=draws()).round(decimals=1)
    whole = estimate.impulses(picture)
    assert 0 < whole.float().mean() < 1
    monkeypatch.setattr(estimate, "_BAND", 7)
    assert torch.equal(estimate.impulses(picture), whole)


def test_the_noise_of_a_large_picture_is_estimated_on_a_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = 0.5 + 0.1 * torch.randn(1, 1, 300, 400, generator=draws())
    whole = estimate.gaussian_sigma(picture)
    monkeypatch.setattr(estimate, "_SAMPLED", 64)
    assert estimate.gaussian_sigma(picture) == pytest.approx(whole, rel=0.05)
    assert whole == pytest.approx(0.1, rel=0.03)
