"""Runs planned for a number of seconds."""

import time
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from nasdip_core import restore
from nasdip_core.errors import OptionError
from nasdip_core.fit.options import LangevinOptions
from nasdip_core.options import parse
from nasdip_core.pipeline import budget, jobs, recipe
from nasdip_core.pipeline.calibration import Calibration
from nasdip_core.pipeline.estimate import Estimate
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.resolved import Resolved, with_steps
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem

CPU = torch.device("cpu")


@pytest.fixture
def request_for(tiny: dict[str, Any], toys: Plugins) -> Any:
    def make(**content: Any) -> Resolved:
        content = {"picture": "sample:camera", "arch": tiny, **content}
        return resolve("denoise", parse(RestoreRequest, content, ""), toys, Path())

    return make


def expecting(monkeypatch: pytest.MonkeyPatch, step: float, refine: float = 0.0) -> None:
    """Let a step and a refinement take so many seconds."""

    def estimate(resolved: Resolved, *_: Any, anew: bool = False) -> Estimate:
        fits, steps = resolved.recipe.fits, resolved.fit.steps
        seconds = fits * steps * step + sum(budget.refinements(resolved.recipe)) * refine
        return Estimate(None, 0, step, refine, seconds, None, 1)  # type: ignore[arg-type]

    monkeypatch.setattr(budget, "estimate", estimate)


def plan(resolved: Resolved) -> budget.Plan:
    problem = RestorationProblem(torch.full((1, 1, 8, 8), 0.5))
    return budget.plan_for(resolved, problem, None, CPU)  # type: ignore[arg-type]


def test_without_seconds_nothing_is_planned(request_for: Any) -> None:
    resolved = request_for()
    assert plan(resolved).resolved is resolved
    assert plan(resolved).fit_seconds is None


def test_networks_that_are_not_fitted_are_not_in_the_plan(
    request_for: Any, tiny: dict[str, Any], toys: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written of a run has as many networks as fits, and is taken again."""
    three = [{**tiny, "name": name} for name in ("one", "two", "three")]
    with pytest.raises(OptionError, match=r"recipe\.fits' = 2: 3 networks are to be fitted"):
        request_for(arch=three, recipe={"fits": 2})
    resolved = request_for(arch=three, seconds=10, fit={"steps": 1000})
    assert resolved.recipe.fits == 3
    fitted = SimpleNamespace(fits=[SimpleNamespace(iterations=5)] * 2, count=2, cut_off=False)
    expecting(monkeypatch, step=0.006)
    for cut, names in (
        (budget.done_in_time(resolved, fitted), ["one", "two"]),  # type: ignore[arg-type]
        (plan(resolved).resolved, ["one"]),
    ):
        with_ = cut.document("run")["steps"][0]["with"]
        again = resolve("denoise", parse(RestoreRequest, with_, ""), toys, Path())
        assert [each.name for each in (again.arch, *again.companions)] == names
        assert again.recipe.fits == len(names)


def test_time_that_is_left_goes_into_more_fits(
    request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expecting(monkeypatch, step=0.5)
    planned = plan(request_for(seconds=10.6))
    assert planned.resolved.recipe.fits == 5
    assert planned.resolved.fit.steps == 4
    assert planned.resolved.seconds is None
    assert "5 fits of 4 steps" in planned.notes[0]


def test_time_that_lacks_is_taken_from_the_steps(
    request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expecting(monkeypatch, step=0.1)
    planned = plan(request_for(seconds=20.55, fit={"steps": 1000}))
    assert planned.resolved.fit.steps == 200
    assert planned.fit_seconds == pytest.approx(20, abs=0.1)


def test_only_what_follows_the_fits_is_set_aside(
    request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expecting(monkeypatch, step=0.5, refine=2)
    for choice, after in (("last", 2), ("mean", 2), ("blend", 6)):
        words = {"recipe": {"refine": ["blur"], "choice": choice}}
        planned = plan(request_for(seconds=30.5, **words))
        assert planned.fit_seconds == pytest.approx(30 - after, abs=0.1)


def test_a_recipe_that_chooses_still_does_with_fewer_steps(
    request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expecting(monkeypatch, step=0.1, refine=1)
    words = {"recipe": {"refine": ["blur"], "choice": "blend"}, "fit": {"steps": 100}}
    planned = plan(request_for(seconds=11.55, **words))
    assert planned.resolved.recipe.choice == "blend"
    assert planned.resolved.fit.steps == 70


def test_too_little_for_a_network_is_enough_for_a_filter(
    request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expecting(monkeypatch, step=1, refine=2)
    words = {"recipe": {"refine": ["blur"], "choice": "blend"}, "fit": {"steps": 1000}}
    planned = plan(request_for(seconds=5, **words))
    assert planned.resolved.recipe.fits == 0
    assert planned.resolved.recipe.choice == "last"


def test_too_little_for_anything_says_how_much_is_enough(
    request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expecting(monkeypatch, step=3)
    with pytest.raises(OptionError, match=r"--seconds 1 is too little .*; give 3\.5 or more"):
        plan(request_for(seconds=1))


def test_the_best_preset_that_fits_is_taken(
    request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expecting(monkeypatch, step=1)
    ladder = []
    for name, steps in (("fast", 5), ("balanced", 50), ("best", 500)):
        one = request_for(fit={"steps": steps}, seconds=60)
        ladder.append(replace(one, arch=one.arch.model_copy(update={"name": name})))
    resolved = replace(ladder[1], alternatives=tuple(ladder))
    assert plan(resolved).resolved.arch.name == "balanced"
    short = tuple(replace(one, seconds=40) for one in ladder)
    assert plan(replace(short[1], alternatives=short)).resolved.arch.name == "fast"
    assert plan(replace(short[1], alternatives=short)).resolved.recipe.fits == 7


def test_what_was_done_in_time_can_be_done_again_without_a_clock(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins, tmp_path: Path
) -> None:
    words: dict[str, Any] = {"arch": tiny, "plugins": toys}
    options = {"task.sigma": 20, "seconds": 5, "fit.steps": 100000}
    found = restore(noisy, "denoise", **words, options=options, output=tmp_path / "timed")
    assert found.result["fits"][0]["stopping"]["reason"] == "the time was up"
    assert found.result["seconds"] < 30
    saved = (tmp_path / "timed" / "pipeline.yaml").read_text()
    assert "    seconds:" not in saved
    steps = found.result["iterations"]
    assert f"steps: {steps}\n" in saved
    options = {"task.sigma": 20, "fit.steps": steps}
    again = restore(noisy, "denoise", **words, options=options)
    assert np.array_equal(again.picture.colour, found.picture.colour)
    # The same words again, resumed: the plan that is there holds, and nothing is left to do.
    options = {"task.sigma": 20, "seconds": 5, "fit.steps": 100000}
    events: list[Any] = []
    resumed = restore(
        noisy,
        "denoise",
        **words,
        options=options,
        output=tmp_path / "timed",
        resume=True,
        observers=[events.append],
    )
    assert resumed.result == found.result
    assert not events
    with pytest.raises(OptionError, match="a run with other settings"):
        restore(
            noisy,
            "denoise",
            **words,
            options={**options, "task.sigma": 21},
            output=tmp_path / "timed",
            resume=True,
        )


def test_a_folder_of_another_task_is_no_plan(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins, tmp_path: Path
) -> None:
    words: dict[str, Any] = {"arch": tiny, "plugins": toys, "output": tmp_path / "out"}
    quick = {"fit.steps": 2, "seconds": 60}
    restore(noisy, "denoise", **words, options=quick | {"task.sigma": 20})
    with pytest.raises(OptionError, match="a run with other settings"):
        restore(noisy, "super-resolution", **words, options=quick, resume=True)


@pytest.mark.parametrize("change", [{"fit.lr": 0.5}, {"seconds": 50}, {"recipe.fits": 2}])
def test_a_plan_made_for_other_options_is_not_gone_on_with(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins, tmp_path: Path, change: dict[str, Any]
) -> None:
    words: dict[str, Any] = {"arch": tiny, "plugins": toys, "output": tmp_path / "out"}
    quick = {"fit.steps": 2, "seconds": 60, "task.sigma": 20}
    found = restore(noisy, "denoise", **words, options=quick)
    assert restore(noisy, "denoise", **words, options=quick, resume=True).result == found.result
    with pytest.raises(OptionError, match="a run with other settings"):
        restore(noisy, "denoise", **words, options=quick | change, resume=True)
    # Without a clock, the plan is repeated as it was written.
    file = tmp_path / "out" / "pipeline.yaml"
    (planned,) = jobs.plan(str(file), None, {}, tmp_path / "out", toys).jobs
    assert planned.resolved.seconds is None


def test_interrupted_after_a_fit_was_cut_off_the_others_are_as_long(
    noisy: np.ndarray,
    tiny: dict[str, Any],
    toys: Plugins,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expecting(monkeypatch, step=1e-5)

    class Killed(BaseException):
        pass

    def die(event: Any) -> None:
        if event.fit.startswith("fit-2-"):
            raise Killed

    words: dict[str, Any] = {"arch": tiny, "plugins": toys}
    options = {"task.sigma": 20, "fit.steps": 100000, "recipe.fits": 3}
    timed = words | {"options": options | {"seconds": 6}, "output": tmp_path / "timed"}
    with pytest.raises(Killed):
        restore(noisy, "denoise", **timed, observers=[die])
    found = restore(noisy, "denoise", **timed, resume=True)
    fits = found.result["fits"]
    assert fits[0]["stopping"]["reason"] == "the time was up"
    (steps,) = {fit["iterations"] for fit in fits}
    options |= {"fit.steps": steps, "recipe.fits": len(fits)}
    again = restore(noisy, "denoise", **words, options=options)
    assert np.array_equal(again.picture.colour, found.picture.colour)
    assert f"steps: {steps}\n" in (tmp_path / "timed/pipeline.yaml").read_text()


def test_fits_that_end_by_themselves_leave_the_others_their_steps(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: dict[str, Any] = {"arch": tiny, "plugins": toys}
    stopping = {"uses": "discrepancy", "with": {"factor": 4}}
    options = {"task.sigma": 20, "fit.steps": 200, "fit.stopping": stopping, "recipe.fits": 3}
    expecting(monkeypatch, step=0.001)
    timed = restore(noisy, "denoise", **words, options=options | {"seconds": 600})
    fits = [fit["iterations"] for fit in timed.result["fits"]]
    assert max(fits) < 200
    assert fits != sorted(fits, reverse=True), fits
    again = restore(noisy, "denoise", **words, options=options | {"recipe.fits": len(fits)})
    assert [fit["iterations"] for fit in again.result["fits"]] == fits
    assert np.array_equal(again.picture.colour, timed.picture.colour)


@pytest.mark.parametrize(("burn_in", "begin"), [(0.0, 0), (0.25, 10), (0.35, 14), (0.9, 17)])
def test_a_fit_that_was_cut_off_is_repeated_with_its_burn_in(
    request_for: Any, burn_in: float, begin: int
) -> None:
    langevin = {"noise": 0.1, "burn_in": burn_in}
    cut = with_steps(request_for(fit={"steps": 40, "langevin": langevin}), 17)
    assert cut.fit.steps == 17
    assert round(cut.fit.langevin.burn_in * 17) == begin
    assert LangevinOptions.model_validate(cut.fit.langevin.model_dump()) == cut.fit.langevin
    assert with_steps(cut, 17).fit == cut.fit


@pytest.mark.parametrize("tile", [None, 32])
def test_fits_that_were_planned_and_not_done_leave_no_trace(
    noisy: np.ndarray,
    tiny: dict[str, Any],
    toys: Plugins,
    monkeypatch: pytest.MonkeyPatch,
    tile: int | None,
) -> None:
    words: dict[str, Any] = {"arch": tiny, "plugins": toys}
    options = {"task.sigma": 20, "tile": tile}
    expecting(monkeypatch, step=49)
    times = count(time.monotonic(), 200)
    monkeypatch.setattr(recipe, "time", SimpleNamespace(monotonic=lambda: next(times)))
    found = restore(noisy, "denoise", **words, options=options | {"seconds": 1000})
    names = {fit["id"].partition("-tile")[0] for fit in found.result["fits"]}
    assert names == {"fit-1-of-5", "fit-2-of-5"}
    again = restore(noisy, "denoise", **words, options=options | {"recipe.fits": 2})
    assert np.array_equal(again.picture.colour, found.picture.colour)


@pytest.mark.parametrize(("tile", "told"), [(None, True), (32, False)])
def test_one_tile_does_not_tell_how_long_a_picture_takes(
    noisy: np.ndarray,
    tiny: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tile: int | None,
    told: bool,
) -> None:
    expecting(monkeypatch, step=20)
    learnt: list[str] = []
    monkeypatch.setattr(Calibration, "learn", lambda _self, what, _seconds: learnt.append(what))
    mask = np.zeros(noisy.shape, bool)
    mask[2:5, 2:5] = True
    options = {"seconds": 1000, "fit.steps": 30, "tile": tile}
    found = restore(noisy, "inpaint", mask=mask, arch=tiny, options=options)
    assert len(found.result["fits"]) == 1
    assert [what.partition(" ")[0] for what in learnt] == ["step"] * told


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), "soon"])
def test_seconds_that_make_no_sense(noisy: np.ndarray, seconds: Any) -> None:
    with pytest.raises(OptionError, match="option 'seconds'"):
        restore(noisy, "denoise", options={"seconds": seconds})
