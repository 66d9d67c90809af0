"""Trackers read the runs that name them."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from nasdip_core.behaviour import RunWatch
from nasdip_core.errors import ExitCode
from nasdip_core.fit.events import Event, StepDone
from nasdip_core.hooks import Run
from nasdip_core.plugins import Plugins
from nasdip_core.testing import TrackerConformance
from nasdip_core.testing.pytest_plugin import Answer
from nasdip_core.tracker import Tracker

STEP = StepDone("fit", 1, 0.1, 0.5)
RUN = Run("waves", "denoise", None, {})


class Listing(Tracker):
    """Keeps all that it hears; may be told to raise."""

    def __init__(self, fails_at: str = "") -> None:
        self.heard: list[str] = []
        self._fails_at = fails_at

    def begin(self, run: Run) -> None:
        self._hear("begin")

    def observe(self, event: Event) -> None:
        self._hear(event.kind)

    def end(self, result: Mapping[str, Any] | None) -> None:
        self._hear("failed" if result is None else "end")

    def _hear(self, what: str) -> None:
        self.heard.append(what)
        if what == self._fails_at:
            raise OSError("the disk is full")


class TestListing(TrackerConformance):
    @pytest.fixture
    def tracker(self) -> Callable[[], Tracker]:
        return Listing


def test_a_tracker_hears_a_run() -> None:
    tracker = Listing()
    with RunWatch(Plugins(), {"list": tracker}) as watch:
        watch.begin(RUN)
        for observer in watch.observers:
            observer(STEP)
        watch.done({})
    assert tracker.heard == ["begin", "step", "end"]
    assert watch.notes == []


def test_what_never_begins_is_not_heard_of() -> None:
    tracker = Listing()
    with RunWatch(Plugins(), {"list": tracker}):
        pass
    assert tracker.heard == []


def test_one_that_raises_hears_no_more_and_is_told_of_once() -> None:
    broken, sound = Listing("step"), Listing()
    with RunWatch(Plugins(), {"broken": broken, "sound": sound}) as watch:
        watch.begin(RUN)
        for observer in 2 * watch.observers:
            observer(STEP)
    assert broken.heard == ["begin", "step"]
    assert sound.heard == ["begin", "step", "step", "failed"]
    assert len(watch.notes) == 1
    assert "plugin 'tracker broken' is switched off" in watch.notes[0]
    assert "the disk is full" in watch.notes[0]


def test_an_unknown_tracker_is_found_out_before_anything_runs(
    nasdip_cli: Callable[..., Answer],
) -> None:
    answer = nasdip_cli("run", "--task", "denoise", "--tracker", "moon", "--dry-run")
    assert answer.code == ExitCode.PLUGIN
    assert "unknown tracker 'moon'" in answer.err
