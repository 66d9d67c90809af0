"""Runs in a number of seconds: what they leave can be repeated without a clock, and resumed."""

import time
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from expected_times import expecting

from nasdip_core import restore
from nasdip_core.errors import OptionError, RunError
from nasdip_core.fit.events import StepDone
from nasdip_core.pipeline import fitting, jobs, recipe
from nasdip_core.pipeline import restore as restoring
from nasdip_core.pipeline.calibration import Calibration
from nasdip_core.plugins import Plugins


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
    noisy: np.ndarray,
    tiny: dict[str, Any],
    toys: Plugins,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expecting(monkeypatch, step=10)  # else it is averaged over a hundred fits
    words: dict[str, Any] = {"arch": tiny, "plugins": toys, "output": tmp_path / "out"}
    quick = {"fit.steps": 2, "seconds": 60}
    restore(noisy, "denoise", **words, options=quick | {"task.sigma": 20})
    with pytest.raises(OptionError, match="a run with other settings"):
        restore(noisy, "super-resolution", **words, options=quick, resume=True)


@pytest.mark.parametrize("change", [{"fit.lr": 0.5}, {"seconds": 50}, {"recipe.fits": 2}])
def test_a_plan_made_for_other_options_is_not_gone_on_with(
    noisy: np.ndarray,
    tiny: dict[str, Any],
    toys: Plugins,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
) -> None:
    # Two fits, whatever is changed: else a hundred.
    expecting(monkeypatch, step=10)
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
    monkeypatch.setattr(fitting, "LEAST", 0.0)

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
    expecting(monkeypatch, step=0.3)
    timed = restore(noisy, "denoise", **words, options=options | {"seconds": 600})
    fits = [fit["iterations"] for fit in timed.result["fits"]]
    assert max(fits) < 200
    assert fits != sorted(fits, reverse=True), fits
    again = restore(noisy, "denoise", **words, options=options | {"recipe.fits": len(fits)})
    assert [fit["iterations"] for fit in again.result["fits"]] == fits
    assert np.array_equal(again.picture.colour, timed.picture.colour)


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


def test_a_fit_that_is_cut_off_too_early_is_not_mixed_in(
    noisy: np.ndarray,
    tiny: dict[str, Any],
    toys: Plugins,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a machine that is busier than when it was measured; nor is it cut off by its share."""
    expecting(monkeypatch, step=1e-6)
    words: dict[str, Any] = {"arch": tiny, "plugins": toys, "output": tmp_path / "out"}
    options = {"task.sigma": 20, "fit.steps": 10**6, "recipe.refine": ["blur"]}
    options |= {"recipe.choice": "mean", "recipe.fits": 3}
    events: list[Any] = []
    timed = options | {"seconds": 6}
    found = restore(noisy, "denoise", **words, options=timed, observers=[events.append])
    begun = {event.fit for event in events if isinstance(event, StepDone)}
    assert begun == {"fit-1-of-5"}
    assert found.result["fits"] == []
    assert any("the time was up too early" in note for note in found.notes)
    alone = options | {"recipe.fits": 0, "recipe.choice": "last"}
    again = restore(noisy, "denoise", **words | {"output": None}, options=alone)
    assert np.array_equal(again.picture.colour, found.picture.colour)
    assert "fits: 0" in (tmp_path / "out" / "pipeline.yaml").read_text()


@pytest.mark.parametrize("done", [1, 2])
@pytest.mark.parametrize("tile", [None, 32])
def test_fits_that_were_done_in_time_are_not_repeated_where_the_disk_was_full(
    noisy: np.ndarray,
    tiny: dict[str, Any],
    toys: Plugins,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tile: int | None,
    done: int,
) -> None:
    """Fewer than planned, which the pipeline file tells by then."""
    options = {"task.sigma": 20, "tile": tile, "seconds": 1000}
    words: dict[str, Any] = {"arch": tiny, "plugins": toys, "options": options}
    words |= {"output": tmp_path / "out"}
    expecting(monkeypatch, step=49)
    times = count(time.monotonic(), 200 if done == 2 else 400)

    def full(*_: object) -> None:
        raise RunError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(recipe, "time", SimpleNamespace(monotonic=lambda: next(times)))
        patched.setattr(restoring, "write_outputs", full)
        with pytest.raises(RunError, match="no space"):
            restore(noisy, "denoise", **words)
    events: list[Any] = []
    found = restore(noisy, "denoise", **words, resume=True, observers=[events.append])
    assert not [event for event in events if isinstance(event, StepDone)]
    assert len(found.result["fits"]) == done * (1 if tile is None else 4)


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
