"""Dehazing: the model of haze, the guesses, and what is made of them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_core.bench.child import classical_estimate
from nasdip_core.errors import OptionError, PictureError
from nasdip_core.imaging import dark_channel as dark
from nasdip_core.imaging.metrics import psnr
from nasdip_core.imaging.read import read_picture
from nasdip_core.options import parse
from nasdip_core.pipeline.api import restore
from nasdip_core.pipeline.prepare import prepare
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem
from nasdip_core.task import Inputs
from nasdip_core.testing import TaskCase, TaskConformance
from nasdip_tasks.dehaze.options import DehazeCorruption, DehazeOptions
from nasdip_tasks.dehaze.problem import DehazeProblem
from nasdip_tasks.dehaze.task import Dehaze

TASK = Dehaze(Plugins.discover())
EVEN = DehazeCorruption(near=0.6, far=0.6, air_light=0.8)


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sample() -> Tensor:
    return read_picture("sample:coffee").tensor()[..., 40:136, 40:140]


def problem(picture: Tensor, **options: Any) -> DehazeProblem:
    found = TASK.problem(Inputs(picture), DehazeOptions(**options), draws())
    assert isinstance(found, DehazeProblem)
    return found


class TestContract(TaskConformance):
    @pytest.fixture(params=["fitted", "given"])
    def case(self, request: pytest.FixtureRequest) -> TaskCase:
        air = None if request.param == "fitted" else (0.8, 0.8, 0.8)
        clean = torch.rand(1, 3, 16, 16, generator=draws(9))
        return TaskCase(TASK, DehazeOptions(air_light=air), EVEN, clean, loss=(0.0, 0.04))

    def outputs(self, problem: Problem, picture: Tensor) -> Mapping[str, Tensor]:
        channels = int(picture.shape[1])
        return {
            "scene": picture,
            "transmission": 0.6 * torch.ones_like(picture[:, :1]),
            "air-light": torch.full((1, channels, 1, 1), 0.8),
        }

    def test_measures_are_of_the_truth(self, case: TaskCase, step: Any) -> None:
        """The result is the picture without its haze: transmission and air-light decide."""
        inputs = case.inputs()
        problem = case.problem(inputs)
        estimate = dict(problem.estimate(step(problem, case.clean)))
        right = problem.measures(estimate)["psnr"]
        estimate["transmission"] = estimate["transmission"] + 0.2
        assert right > problem.measures(estimate)["psnr"] + 3
        assert case.problem(replace(inputs, truth=None)).measures(estimate) == {}

    @pytest.mark.parametrize("channels", [1])
    @pytest.mark.parametrize("size", [(1, 1), (1, 7), (16, 16)])
    @pytest.mark.parametrize("flat", [False, True])
    def test_takes_any_picture_or_refuses(
        self, case: TaskCase, step: Any, size: tuple[int, int], channels: int, flat: bool
    ) -> None:
        """As the contract says; a given air-light of three channels goes with three."""
        given = case.options.model_dump()["air_light"] is not None
        super().test_takes_any_picture_or_refuses(case, step, size, 3 if given else channels, flat)


def test_haze_is_as_the_options_say() -> None:
    clean = sample()
    hazy = TASK.corrupt(clean, EVEN, draws()).picture
    air = (hazy - 0.6 * clean) / 0.4
    assert torch.allclose(air, torch.tensor(0.8), atol=0.016)
    drawn = TASK.corrupt(clean, DehazeCorruption(), draws()).picture
    assert drawn.mean() > clean.mean()
    assert psnr(drawn, clean) < 25


@pytest.mark.parametrize("given", [{"near": 0.1}, {"near": 0.3}, {"far": 0.9}], ids=str)
def test_what_is_drawn_stays_beyond_what_is_given(given: dict[str, float]) -> None:
    """Black behind white air-light tells 1 - t."""
    damage = DehazeCorruption(**given, air_light=1.0)
    for seed in range(8):
        through = 1 - TASK.corrupt(torch.zeros(1, 1, 16, 16), damage, draws(seed)).picture
        near, far = float(through.max()), float(through.min())
        assert near == pytest.approx(given.get("near", near), abs=0.02)
        assert far == pytest.approx(given.get("far", far), abs=0.02)


def test_far_is_not_above_near() -> None:
    with pytest.raises(OptionError, match="far, the least transmission, must not be above near"):
        parse(DehazeCorruption, {"near": 0.3, "far": 0.4}, "corrupt")


def test_the_scene_comes_back_from_the_true_haze() -> None:
    clean, through = sample(), torch.full((1, 1, 96, 100), 0.5)
    air = torch.tensor([0.9, 0.85, 0.8]).view(1, 3, 1, 1)
    found = dark.scene(clean * through + air * (1 - through), through, air)
    assert torch.allclose(found, clean, atol=1e-5)


def test_the_dark_channel_by_hand() -> None:
    picture = torch.ones(1, 3, 5, 5)
    picture[0, 1, 2, 2] = 0.2
    found = dark.dark_channel(picture, 3)[0, 0]
    assert torch.equal(found[1:4, 1:4], torch.full((3, 3), 0.2))
    assert found.sum() == pytest.approx(16 + 9 * 0.2)


@pytest.mark.parametrize("window", [1, 4, 7, 31])
def test_the_dark_channel_is_that_of_a_square(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By rows and columns, whose time does not grow with the window's area."""
    picture = torch.rand(2, 3, 17, 40, generator=draws())
    square = -F.max_pool2d(-picture.amin(dim=1, keepdim=True), window, 1, window // 2)
    pools = []

    def pool(light: Tensor, side: tuple[int, int], **more: Any) -> Tensor:
        pools.append(side)
        return F.max_pool2d(light, side, **more)

    monkeypatch.setattr(dark, "F", SimpleNamespace(max_pool2d=pool))
    assert torch.equal(dark.dark_channel(picture, window), square)
    assert sorted(pools) == [(1, window), (window, 1)]


def test_a_given_air_light_is_not_fitted() -> None:
    given = problem(sample(), air_light=(0.9, 0.8, 0.7))
    assert set(given.slots) == {"scene", "transmission"}
    assert given.air.flatten().tolist() == pytest.approx([0.9, 0.8, 0.7])
    with pytest.raises(OptionError, match=r"task\.air_light has 2 samples"):
        problem(sample(), air_light=(0.9, 0.8))
    with pytest.raises(OptionError, match=r"task\.air_light\.0' = 200"):
        parse(DehazeOptions, {"air_light": [200, 200, 200]}, "task")


def test_the_guess_is_nearer_to_the_truth_than_the_haze() -> None:
    clean = sample()
    hazy = TASK.corrupt(clean, EVEN, draws()).picture
    found = problem(hazy)
    assert psnr(dark.scene(hazy, found.guess, found.air), clean) > psnr(hazy, clean) + 1


def test_a_run_writes_all_three(
    tmp_path: Path, waves: np.ndarray, tiny: dict[str, Any], plugins: Plugins
) -> None:
    output = tmp_path / "out"
    options = {"fit.steps": 3, "corrupt.near": 0.6}
    done = restore(waves, "dehaze", arch=tiny, options=options, output=output, plugins=plugins)
    assert list(done.pictures) == ["restored", "transmission", "air-light"]
    assert [p.channels for p in done.pictures.values()] == [3, 1, 3]
    assert done.pictures["transmission"].colour.shape[:2] == waves.shape[:2]
    for name in done.pictures:
        assert (output / f"{name}.png").is_file()
    page = (output / "report.html").read_text()
    assert "transmission" in page
    assert "air-light" in page
    again = restore(
        waves, "dehaze", arch=tiny, options=options, output=output, plugins=plugins, resume=True
    )
    assert np.array_equal(again.picture.colour, done.picture.colour)


def test_a_time_is_kept(waves: np.ndarray, tiny: dict[str, Any], plugins: Plugins) -> None:
    options = {"seconds": 20.0, "fit.steps": 3, "corrupt.near": 0.6}
    done = restore(waves, "dehaze", arch=tiny, options=options, plugins=plugins)
    assert len(done.result["fits"]) == 1


def test_the_baseline_takes_haze_away(plugins: Plugins) -> None:
    asked = RestoreRequest(picture="sample:astronaut", corrupt={"near": 0.6, "far": 0.6})
    prepared = prepare(resolve("dehaze", asked, plugins, Path()), plugins)
    found = classical_estimate("dark-channel", prepared, plugins)
    truth = prepared.sources.inputs().truth
    assert truth is not None
    assert psnr(found.tensor(), truth) > psnr(prepared.sources.inputs().picture, truth)


def test_grey_has_one_channel() -> None:
    grey = sample().mean(dim=1, keepdim=True)
    found = problem(grey)
    assert found.slots["scene"].channels == 1
    assert found.guess.shape == (1, 1, 96, 100)


def test_inks_are_no_light() -> None:
    with pytest.raises(
        PictureError, match="its samples are inks, haze is light; convert it to RGB"
    ):
        TASK.problem(Inputs(torch.rand(1, 4, 8, 8), inks=True), DehazeOptions(), draws())
