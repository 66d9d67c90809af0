"""Units that a crew shares, as the command sees them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fleets import Ended
from optuna.trial import TrialState

from nasdip_core import supervise
from nasdip_core.errors import NasdipError, RunError
from nasdip_core.launcher import Fleet, Launcher
from nasdip_core.study import lease
from nasdip_core.study.storage import open_storage
from nasdip_core.study.units import share, units_study
from nasdip_core.supervise import Crew


class Elsewhere(Launcher, Ended):
    """A node that takes a unit and is gone; time flies."""

    def __init__(self) -> None:
        self.now = 0.0
        self.states: list[TrialState] = []

    def launch(self, order: Mapping[str, Any], workers: int) -> Fleet:
        self._study = units_study(open_storage(order["study"]), order["name"])
        if not self._study.trials:
            trial = self._study.ask()
            gone = {"host": "a node that is gone", "pid": 1, "started": "1", "beat": 3}
            self._study._storage.set_trial_system_attr(trial._trial_id, lease.LEASE, gone)
        self._until = self.now + 40
        return self

    def alive(self) -> int:
        self.now += 10
        self.states = [trial.state for trial in self._study.trials]
        return int(self.now < self._until)

    def failures(self) -> list[NasdipError]:
        return [RunError("a worker was ended by SIGKILL")]


def test_who_watches_gives_up_the_unit_of_a_node_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says that it is lost."""
    node = Elsewhere()
    said: list[str] = []
    monkeypatch.setattr(lease.time, "monotonic", lambda: node.now)
    monkeypatch.setattr(supervise, "_POLL_SECONDS", 0.0)
    monkeypatch.setattr(supervise, "_PAUSE", 0)
    with pytest.raises(RunError, match="SIGKILL"):
        share(tmp_path, {"units": ["a"]}, Crew(node, 1), lambda *_: None, said.append)
    assert node.states == [TrialState.FAIL, TrialState.WAITING]
    assert said == ["lost a worker: a worker was ended by SIGKILL"]
    assert not list(tmp_path.iterdir()), "two commands in one folder have a file each"
