"""What a `tracker` plugin has to do."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from nasdip_core.fit.events import (
    Event,
    FitEnded,
    FitStarted,
    RefineDone,
    RefineStarted,
    Rewound,
    StepDone,
)
from nasdip_core.hooks import Run
from nasdip_core.tracker import Tracker

EVENTS: tuple[Event, ...] = (
    FitStarted("fit", 30),
    StepDone("fit", 10, 0.5, 0.3, {"restore": 0.3}, {"psnr": 21.5}, 0.2, 0.1, 10),
    Rewound("fit", 12, 10, 0.5, "the loss rose"),
    StepDone("fit", 20, 1.0, 0.2),
    FitEnded("fit", 20, 20, "fixed", "the end", 1.1),
    RefineStarted("fit+bounded"),
    RefineDone("fit+bounded", 0.2, {"psnr": 22.0}),
)
"""One of each kind, as a run tells them."""


class TrackerConformance:
    """Inherit, and return your class or a function without arguments from the fixture `tracker`."""

    @pytest.fixture
    def run_of(self, tmp_path: Path) -> Run:
        """Return a run with a folder of its own."""
        return Run("waves denoise", "denoise", tmp_path, {"nasdip": 1, "steps": []})

    def test_follows_a_run(self, tracker: Callable[[], Tracker], run_of: Run) -> None:
        """From its beginning to its result."""
        made = tracker()
        assert isinstance(made, Tracker)
        _follow(made, run_of, EVENTS)
        made.end({"schema": "nasdip.result/1", "quality": None})

    def test_follows_a_run_that_fails(self, tracker: Callable[[], Tracker], run_of: Run) -> None:
        """At any moment, before the first event as well."""
        for seen in range(len(EVENTS)):
            made = tracker()
            _follow(made, run_of, EVENTS[:seen])
            made.end(None)

    def test_follows_a_run_that_goes_on(self, tracker: Callable[[], Tracker], run_of: Run) -> None:
        """An interrupted run begins again in its folder, at a later step."""
        first = tracker()
        _follow(first, run_of, EVENTS[:2])
        first.end(None)
        second = tracker()
        _follow(second, run_of, [FitStarted("fit", 30, step=10, rewinds=1), *EVENTS[3:]])
        second.end({"schema": "nasdip.result/1", "quality": None})

    def test_needs_no_folder(self, tracker: Callable[[], Tracker]) -> None:
        """A run from Python may write nothing."""
        made = tracker()
        _follow(made, Run("waves denoise", "denoise", None, {}), EVENTS)
        made.end({"schema": "nasdip.result/1", "quality": None})

    def test_leaves_what_it_sees_alone(self, tracker: Callable[[], Tracker], run_of: Run) -> None:
        """Events go to others, too."""
        before = [asdict(event) for event in EVENTS]
        result: dict[str, Any] = {"schema": "nasdip.result/1", "quality": None}
        made = tracker()
        _follow(made, run_of, EVENTS)
        made.end(result)
        assert [asdict(event) for event in EVENTS] == before
        assert result == {"schema": "nasdip.result/1", "quality": None}


def _follow(tracker: Tracker, run: Run, events: tuple[Event, ...] | list[Event]) -> None:
    tracker.begin(run)
    for event in events:
        tracker.observe(event)
