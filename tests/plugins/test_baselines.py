"""The baselines: each makes the bundled pictures better than they were."""

from typing import Any

import pytest
import torch
from torch import Tensor

from nasdip_core.baseline import Baseline
from nasdip_core.imaging.metrics import psnr
from nasdip_core.imaging.read import read_picture
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Inputs
from nasdip_plugins.baseline.wavelet import _transform

DENOISERS = ["total-variation", "non-local-means", "wavelet"]


def problem_of(
    task_name: str, truth: Tensor, plugins: Plugins, corrupt: dict[str, Any], **options: Any
) -> RestorationProblem:
    """Return the problem of a damaged picture; the truth stays outside."""
    registration = plugins.find("task", task_name)
    model: Any = registration.options()
    task = registration.resolve()(plugins)
    damage = parse(model.Corruption, corrupt, "corrupt")
    damaged = task.corrupt(truth, damage, torch.Generator().manual_seed(0))
    mask = None if damaged.mask is None else damaged.mask.float()
    given = parse(model, {**model.implied(damage), **options}, "task")
    problem = task.problem(Inputs(damaged.picture, mask=mask), given, torch.Generator())
    assert isinstance(problem, RestorationProblem)
    return problem


def restored(name: str, problem: RestorationProblem, plugins: Plugins) -> Tensor:
    baseline: Baseline = plugins.create("baseline", f"nasdip:{name}")
    picture = baseline.restore(problem)
    assert picture.dtype == torch.float32
    assert picture.shape == (1, problem.measured.shape[1], *problem.size)
    return picture.clamp(0, 1)


def sample(name: str) -> Tensor:
    return read_picture(f"sample:{name}").tensor()[..., :96, 64:190]


@pytest.mark.parametrize("picture", ["astronaut", "camera"])
@pytest.mark.parametrize("name", DENOISERS)
def test_denoisers(name: str, picture: str, plugins: Plugins) -> None:
    truth = sample(picture)
    problem = problem_of("denoise", truth, plugins, {"sigma": 25}, sigma=25)
    assert problem.noise_level() == pytest.approx(25 / 255)
    gained = psnr(restored(name, problem, plugins), truth) - psnr(problem.measured, truth)
    assert gained > 3.5


@pytest.mark.parametrize("picture", ["coffee", "camera"])
@pytest.mark.parametrize("name", ["bicubic", "lanczos"])
def test_upsampling_beats_repetition(name: str, picture: str, plugins: Plugins) -> None:
    truth = sample(picture)[..., :96, :124]
    problem = problem_of("super-resolution", truth, plugins, {"factor": 4})
    repeated = torch.nn.functional.interpolate(problem.measured, scale_factor=4.0)
    assert psnr(restored(name, problem, plugins), truth) > psnr(repeated, truth) + 0.5


def test_the_wavelet_transform_is_orthogonal_and_blind_to_ramps() -> None:
    for side in (2, 4, 16):
        matrix = _transform(side)
        assert torch.allclose(matrix @ matrix.T, torch.eye(side, dtype=torch.float64))
    detail = (_transform(16) @ torch.arange(16, dtype=torch.float64))[8:]
    assert torch.allclose(detail[:-1], torch.zeros(7, dtype=torch.float64), atol=1e-12)


@pytest.mark.parametrize("name", DENOISERS)
def test_no_noise_is_no_change(name: str, plugins: Plugins) -> None:
    truth = sample("camera")[..., :40, :50]
    problem = RestorationProblem(truth, deviation=lambda _: 0.0)
    assert torch.allclose(restored(name, problem, plugins), truth, atol=1e-5)


def test_every_baseline_serves_a_task_that_is_there(plugins: Plugins) -> None:
    tasks = {r.offer.name for r in plugins.registrations("task")}
    for registration in plugins.registrations("baseline"):
        assert set(registration.resolve().tasks) <= tasks
        assert registration.resolve().tasks
