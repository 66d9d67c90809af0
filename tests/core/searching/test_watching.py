"""What the command sees to while its workers are busy."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fleets import Ended
from optuna.trial import TrialState
from searcher import Searcher, listed

from nasdip_core import supervise
from nasdip_core.cli.search_view import view
from nasdip_core.errors import NasdipError, RunError
from nasdip_core.launcher import Fleet, Launcher
from nasdip_core.plugins import Plugins
from nasdip_core.searching.run import join_search
from nasdip_core.study import lease
from nasdip_core.supervise import Crew


class Busy(Ended):
    """Workers at long trials of their own, one of which was killed; time flies."""

    def __init__(self, now: list[float]) -> None:
        self._now = now
        self._until = now[0] + 40

    def alive(self) -> int:
        self._now[0] += 10
        return int(self._now[0] < self._until)

    def failures(self) -> list[NasdipError]:
        return [RunError("a worker was ended by SIGKILL")]


class BusyLauncher(Launcher):
    def __init__(self, now: list[float]) -> None:
        self._now = now

    def launch(self, order: Mapping[str, Any], workers: int) -> Fleet:
        return Busy(self._now)


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch) -> Crew:
    now = [0.0]
    monkeypatch.setattr(lease.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(supervise, "_POLL_SECONDS", 0.0)
    monkeypatch.setattr(supervise, "_PAUSE", 0)
    return Crew(BusyLauncher(now), 2)


def test_who_watches_gives_up_the_trial_of_a_node_that_is_gone(
    searcher: Searcher, pictures: Path, toys: Plugins, crew: Crew
) -> None:
    searcher.begin(pictures / "a.png", 2, strategy=listed((4, 1)))
    study = searcher.study
    trial = study.ask()
    elsewhere = {"host": "a node that is gone", "pid": 1, "started": "1", "beat": 3}
    study._storage.set_trial_system_attr(trial._trial_id, lease.LEASE, elsewhere)
    with pytest.raises(RunError, match="SIGKILL"):
        join_search(searcher.study, searcher.url, crew, toys, lambda _: None)
    assert [t.state for t in searcher.study.trials] == [TrialState.FAIL, TrialState.WAITING]


def test_which_workers_are_lost_is_said_once(
    searcher: Searcher,
    pictures: Path,
    toys: Plugins,
    crew: Crew,
    capsys: pytest.CaptureFixture[str],
) -> None:
    searcher.begin(pictures / "a.png", 2, strategy=listed((4, 1)))
    with pytest.raises(RunError, match="SIGKILL"), view() as watch:
        join_search(searcher.study, searcher.url, crew, toys, watch)
    said = capsys.readouterr().err
    assert said.count("lost a worker: a worker was ended by SIGKILL\n") == 1
