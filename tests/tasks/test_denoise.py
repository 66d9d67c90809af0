"""Denoising: the estimates hold what they say, and the loss is 1 at the noise level."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from nasdip_core.errors import OptionError, PictureError
from nasdip_core.imaging.samples import sample_names
from nasdip_core.options import parse
from nasdip_core.pipeline.restore import Restored
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem, Step
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Damaged, Inputs
from nasdip_core.testing import TaskCase, TaskConformance
from nasdip_tasks.denoise.options import DenoiseCorruption, DenoiseOptions
from nasdip_tasks.denoise.task import Denoise

TASK = Denoise(Plugins.discover())
SAMPLES = sample_names()


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=draws(seed))


def stored(picture: Tensor) -> Tensor:
    """Return a picture as 8-bit files hold it."""
    return (picture * 255).round() / 255


def noisy(clean: Tensor, **options: Any) -> Tensor:
    corruption = parse(DenoiseCorruption, options, "corrupt")
    return stored(TASK.corrupt(clean, corruption, draws()).picture)


def problem(inputs: Inputs, **options: Any) -> Problem:
    return TASK.problem(inputs, parse(DenoiseOptions, options, "task"), draws())


def loss(problem: Problem, picture: Tensor) -> float:
    step = Step(1, {}, {"picture": picture}.__getitem__, None, draws())
    return float(problem.players[0].loss(step))


CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "gaussian": ({"sigma": 10.0}, {"sigma": 10.0}),
    "poisson-gaussian": ({"gain": 1.0, "sigma": 4.0}, {"gain": 1.0, "sigma": 4.0}),
    "salt-and-pepper": ({"amount": 0.2}, {}),
    "outliers": ({"amount": 0.05}, {}),
}


LOSSES = {"salt-and-pepper": (0.0, 0.0), "outliers": (0.0, 0.02)}


class TestContract(TaskConformance):
    @pytest.fixture(params=CASES)
    def case(self, request: pytest.FixtureRequest) -> TaskCase:
        noise = request.param
        damage, known = CASES[noise]
        y, x = torch.meshgrid(torch.linspace(0, 1, 16), torch.linspace(0, 1, 16), indexing="ij")
        return TaskCase(
            task=TASK,
            options=DenoiseOptions(noise=noise, **known),
            corruption=DenoiseCorruption(noise=noise, **damage),
            clean=torch.stack([0.3 + 0.4 * x, 0.3 + 0.4 * y, 0.7 - 0.2 * (x + y)])[None],
            loss=LOSSES.get(noise, (0.85, 1.15)),
        )


class Careless(Denoise):
    """Draws a second picture from the global generator."""

    def corrupt(
        self, truth: Tensor, options: DenoiseCorruption, generator: torch.Generator
    ) -> Damaged:
        made = super().corrupt(truth, options, generator)
        return replace(made, guide=torch.rand(truth.shape))


class Varying(Denoise):
    """Measures something else at every call."""

    calls = 0

    def corrupt(
        self, truth: Tensor, options: DenoiseCorruption, generator: torch.Generator
    ) -> Damaged:
        self.calls += 1
        made = super().corrupt(truth, options, generator)
        return replace(made, measured=made.picture + self.calls)


@pytest.mark.parametrize("broken", [Careless, Varying])
def test_damage_that_is_not_drawn_by_the_generator_is_caught(broken: type[Denoise]) -> None:
    clean, checks = rand(1, 3, 8, 8), TaskConformance()
    options, damage = DenoiseOptions(sigma=10.0), DenoiseCorruption(sigma=10.0)
    checks.test_damage_is_drawn_by_the_generator(TaskCase(TASK, options, damage, clean))
    with pytest.raises(AssertionError):
        checks.test_damage_is_drawn_by_the_generator(
            TaskCase(broken(TASK.plugins), options, damage, clean)
        )


class TestLoss:
    @pytest.mark.parametrize("sigma", [1, 10, 40])
    @pytest.mark.parametrize("told", [True, False])
    def test_is_1_at_gaussian_noise(self, sigma: float, told: bool) -> None:
        clean = torch.full((1, 3, 100, 100), 0.5)
        inputs = Inputs(noisy(clean, sigma=sigma))
        made = problem(inputs, sigma=sigma) if told else problem(inputs)
        # Rounding adds 1/12 of a squared level.
        assert loss(made, clean) == pytest.approx(1 if sigma > 1 else 1 + 1 / 12, rel=0.05)

    @pytest.mark.parametrize("told", [True, False])
    def test_is_1_at_poisson_gaussian_noise(self, told: bool) -> None:
        clean = torch.linspace(0.15, 0.85, 120).expand(1, 3, 120, 120)
        damage = {"noise": "poisson-gaussian", "gain": 3, "sigma": 6}
        inputs = Inputs(noisy(clean, **damage))
        made = problem(inputs, **(damage if told else {"noise": "poisson-gaussian"}))
        assert loss(made, clean) == pytest.approx(1, rel=0.05)
        dark, bright = (loss(made, (clean + shift).clamp(0, 1)) for shift in (-0.1, 0.1))
        assert dark > 1.5
        assert bright > 1.5

    @pytest.mark.parametrize("told", [True, False])
    def test_has_its_light_from_zero_in_pictures_that_go_below(self, told: bool) -> None:
        """As raw frames do, once their dark level is taken off."""
        light = torch.linspace(0, 1, 120).expand(1, 3, 120, 120)
        gain, sigma = 4 / 255, 10 / 255
        read = light + (gain * light + sigma**2).sqrt() * torch.randn(
            light.shape, generator=draws()
        )
        low, peak = float(read.min()), float(read.max())
        span = peak - low
        options = {"gain": 4 / span, "sigma": 10 / span} if told else {}
        inputs = Inputs((read - low) / span, levels=None, zero=-low / span, span=span)
        made = problem(inputs, noise="poisson-gaussian", **options)
        assert isinstance(made, RestorationProblem)
        for value in (0.0, 0.1, 0.5):
            found = made.deviation(torch.tensor((value - low) / span)) * span
            wanted = (gain * value + sigma**2) ** 0.5
            assert float(found) == pytest.approx(wanted, rel=0.01 if told else 0.12)

    def test_is_weighted_by_brightness(self) -> None:
        """The same error counts for more where there is less noise: in the dark."""
        measured = torch.tensor([0.1, 0.8]).view(1, 1, 1, 2)
        made = problem(Inputs(measured), noise="poisson-gaussian", gain=10, sigma=1)
        dark = measured + torch.tensor([0.1, 0.0])
        bright = measured + torch.tensor([0.0, 0.1])
        assert loss(made, dark) > 3 * loss(made, bright)

    @pytest.mark.parametrize(("levels", "unit"), [(255, 255), (65535, 65535), (None, 65535)])
    @pytest.mark.parametrize("noise", ["gaussian", "poisson-gaussian"])
    def test_takes_rounding_for_noise_where_there_is_no_other(
        self, noise: str, levels: int | None, unit: int
    ) -> None:
        flat = torch.full((1, 1, 8, 8), 0.5)
        made = problem(Inputs(flat, levels=levels), noise=noise)
        assert loss(made, flat + 1 / unit) == pytest.approx(12, rel=0.05)

    def test_counts_impulses_as_missing(self) -> None:
        clean = 0.3 + 0.4 * rand(1, 3, 20, 20)
        damaged = TASK.corrupt(clean, DenoiseCorruption(noise="salt-and-pepper"), draws()).picture
        made = problem(Inputs(damaged), noise="salt-and-pepper")
        assert isinstance(made, RestorationProblem)
        assert torch.equal(made.known, (damaged == clean).all(dim=1, keepdim=True))
        assert made.copy_known


class TestOptions:
    @pytest.mark.parametrize("noise", CASES)
    def test_the_kind_of_noise_is_implied(self, noise: str) -> None:
        corruption = parse(DenoiseCorruption, {"noise": noise}, "corrupt")
        assert DenoiseOptions.implied(corruption) == {"noise": noise}

    @pytest.mark.parametrize(
        ("name", "value"), [("sigma", -1), ("sigma", 2000), ("gain", 0), ("noise", "speckle")]
    )
    def test_out_of_range(self, name: str, value: Any) -> None:
        with pytest.raises(OptionError, match=rf"task\.{name}"):
            parse(DenoiseOptions, {name: value}, "task")

    def test_what_is_estimated_is_noted(self) -> None:
        inputs = Inputs(noisy(torch.full((1, 1, 64, 64), 0.5), sigma=25))
        assert problem(inputs, sigma=25).notes == []
        (note,) = problem(inputs).notes
        assert note.startswith("noise estimated at sigma = 2")
        (note,) = problem(inputs, noise="poisson-gaussian", sigma=3).notes
        assert "gain = " in note
        assert "sigma = 3.0 of 255" in note
        (note,) = problem(inputs, noise="salt-and-pepper").notes
        assert note == "0.0% of the pixels are impulses and are filled in"

    def test_nothing_but_impulses(self) -> None:
        picture = torch.zeros(1, 3, 5, 5)
        picture[:, 0, :, ::2] = 0.5
        picture[:, 1, :, 1::2] = 0.5
        picture[:, 2] = 0.5
        with pytest.raises(PictureError, match="every pixel is an impulse; is this salt"):
            problem(Inputs(picture), noise="salt-and-pepper")


class TestCorruption:
    def test_gaussian(self) -> None:
        clean = torch.full((1, 3, 200, 200), 0.5)
        damaged = TASK.corrupt(clean, DenoiseCorruption(sigma=20), draws()).picture
        assert 255 * float((damaged - clean).std()) == pytest.approx(20, rel=0.02)
        assert float((damaged - clean).mean()) == pytest.approx(0, abs=1e-3)

    def test_none(self) -> None:
        clean = rand(1, 3, 8, 8)
        assert torch.equal(TASK.corrupt(clean, DenoiseCorruption(sigma=0), draws()).picture, clean)

    def test_poisson_gaussian(self) -> None:
        clean = torch.full((1, 3, 200, 200), 0.4)
        corruption = DenoiseCorruption(noise="poisson-gaussian", gain=5, sigma=10)
        damaged = TASK.corrupt(clean, corruption, draws()).picture
        expected = (5 * 0.4 * 255 + 10**2) ** 0.5
        assert 255 * float((damaged - clean).std()) == pytest.approx(expected, rel=0.02)
        assert float(damaged.mean()) == pytest.approx(0.4, abs=1e-3)

    def test_salt_and_pepper(self) -> None:
        clean = 0.2 + 0.6 * rand(1, 3, 200, 200)
        corruption = DenoiseCorruption(noise="salt-and-pepper", amount=0.2)
        damaged = TASK.corrupt(clean, corruption, draws()).picture
        changed = damaged != clean
        assert torch.equal(changed.all(dim=1), changed.any(dim=1))
        assert float(changed.float().mean()) == pytest.approx(0.2, abs=0.01)
        assert float(damaged[changed].mean()) == pytest.approx(0.5, abs=0.03)
        assert set(damaged[changed].tolist()) == {0.0, 1.0}


class TestRestore:
    @pytest.mark.parametrize("noise", CASES)
    def test_damages_and_judges(
        self, brief: Callable[..., Restored], array: np.ndarray, noise: str
    ) -> None:
        restored = brief(array, "denoise", {"corrupt.noise": noise})
        quality = restored.quality
        assert quality is not None
        assert quality["oracle"]["psnr"] >= quality["self_stopped"]["psnr"] > 5
        planes = 1 if array.ndim == 2 else array.shape[2]
        assert restored.picture.colour.shape == (24, 32, 1 if planes < 3 else 3)
        assert (restored.picture.alpha is None) == (planes % 2 == 1)
        if restored.picture.alpha is not None:
            assert np.array_equal(restored.picture.alpha, array[..., -1])
        assert restored.notes

    @pytest.mark.parametrize("dtype", [np.uint16, np.float32])
    def test_keeps_the_depth(
        self, brief: Callable[..., Restored], waves: np.ndarray, dtype: type[np.generic]
    ) -> None:
        peak = 65535 if dtype is np.uint16 else 1
        deep = (waves / 255 * peak).astype(dtype)
        assert brief(deep, "denoise", {"task.sigma": 5}).quality is None

    def test_pixels_that_are_no_impulses_come_back_bit_for_bit(
        self, brief: Callable[..., Restored], waves: np.ndarray
    ) -> None:
        damaged = waves.copy()
        damaged[3::5, 2::7] = 255
        damaged[1::5, 4::7] = 0
        restored = brief(damaged, "denoise", {"task.noise": "salt-and-pepper"}).picture.colour
        hit = (damaged != waves).any(axis=-1)
        assert np.array_equal(restored[~hit], waves[~hit])
        assert not (restored[hit] == damaged[hit]).all(axis=-1).any()
