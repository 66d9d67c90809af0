"""What a `launcher` plugin has to do."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from nasdip_core.errors import NasdipError
from nasdip_core.launcher import Fleet, Launcher
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_core.searching.options import SearchRequest
from nasdip_core.searching.plan import plan_search
from nasdip_core.study.order import note_order, order_of
from nasdip_core.study.records import History
from nasdip_core.study.storage import study_url, used_storage
from nasdip_core.study.study import create_study, load_study

TRIALS = 2
_PATIENCE_SECONDS = 120.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class LauncherConformance:
    """Inherit, and return your launcher from the fixture `launcher`.

    The fixture `order` is a search of two trials with tiny networks, in a folder that this machine
    has; a launcher whose workers see other folders overrides `folder`.
    """

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Return an empty folder that workers can write."""
        return tmp_path

    @pytest.fixture
    def order(self, folder: Path) -> dict[str, Any]:
        """Return what each worker is told."""
        picture = folder / "grey.ppm"
        picture.write_bytes(b"P5 16 16 255\n" + bytes(range(256)))
        content = {
            "data": str(picture),
            "space": "compact",
            "strategy": "random",
            "reward": "held-out",
            "fit": {"steps": 1, "stopping": "fixed"},
            "task": {"sigma": 25},
            "limits": {"parameters": 30_000},
        }
        plugins = Plugins.discover()
        planned = plan_search("denoise", parse(SearchRequest, content, ""), plugins, Path())
        url = study_url(folder)
        settings = planned.settings()
        told = {
            "task": "denoise",
            "request": planned.request.model_dump(mode="json", by_alias=True),
            "trials": TRIALS,
            "output": str(folder),
        }
        with used_storage(url, create=True) as storage:
            note_order(create_study(storage, url, "nasdip", settings, by_cost=False), told)
        return {"work": "search", "study": url, "name": "nasdip", "threads": 1, "gpu_memory": 1.0}

    def test_does_the_work(self, launcher: Launcher, order: dict[str, Any]) -> None:
        """Two workers share the trials of one study, and end when it is complete."""
        fleet = launcher.launch(order, 2)
        try:
            _await_end(fleet)
            assert fleet.failures() == []
        finally:
            fleet.kill()
        history = History()
        with used_storage(order["study"]) as storage:
            history.update(load_study(storage, order["study"]).get_trials())
        assert sum(record.counts for record in history.records) == TRIALS

    def test_tells_why_a_worker_failed(self, launcher: Launcher, order: dict[str, Any]) -> None:
        """A worker that cannot do its work is a failure, in nasdip's words, however often asked."""
        fleet = launcher.launch({**order, "name": "no-such-study"}, 1)
        try:
            _await_end(fleet)
            failures, again = fleet.failures(), fleet.failures()
        finally:
            fleet.kill()
        assert failures
        assert list(map(str, again)) == list(map(str, failures))
        assert all(isinstance(failure, NasdipError) for failure in failures)
        assert "no-such-study" in str(failures[0])

    def test_ends_when_it_is_told_to(self, launcher: Launcher, order: dict[str, Any]) -> None:
        """After an interruption nobody works any more, and that is no failure; twice is once.

        The interruption reaches the command: a launcher takes no signal from it.
        """
        url = order["study"]
        with used_storage(url) as storage:
            study = load_study(storage, url)
            note_order(study, {**order_of(study), "trials": 100_000})
        handlers = [signal.getsignal(number) for number in _SIGNALS]
        fleet = launcher.launch(order, 1)
        assert [signal.getsignal(number) for number in _SIGNALS] == handlers
        fleet.interrupt()
        assert fleet.alive() == 0
        fleet.kill()
        fleet.kill()


def _await_end(fleet: Fleet) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while fleet.alive() and time.monotonic() < until:
        time.sleep(0.05)
    assert fleet.alive() == 0
