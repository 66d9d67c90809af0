"""Workers are watched without taking their cores, and started again where all of them died."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from fleets import Ended

from nasdip_core import supervise as module
from nasdip_core.errors import NasdipError, RunError, StudyError
from nasdip_core.launcher import Fleet, Launcher
from nasdip_core.supervise import Crew


class Polled(Ended):
    """Workers that end after so many looks."""

    def __init__(self, failures: Sequence[NasdipError], polls: int) -> None:
        self._failures = failures
        self._polls = polls

    def alive(self) -> int:
        self._polls -= 1
        return max(0, self._polls + 1)

    def failures(self) -> list[NasdipError]:
        return list(self._failures)


class Scripted(Launcher):
    """Launches fleets that fail as told, one after the other."""

    def __init__(self, *fleets: Sequence[NasdipError], polls: int = 0) -> None:
        self.fleets = list(fleets)
        self.orders: list[Mapping[str, Any]] = []
        self._polls = polls

    def threads(self, workers: int) -> int | None:
        return 8 // workers

    def launch(self, order: Mapping[str, Any], workers: int) -> Fleet:
        self.orders.append(order)
        return Polled(self.fleets.pop(0), self._polls)


def killed() -> list[NasdipError]:
    return [RunError("a worker was ended by SIGKILL")]


def supervise(launcher: Launcher, *, workers: int = 1, **told: Any) -> None:
    module.supervise(Crew(launcher, workers), {"work": "x"}, say=print, **told)


def test_the_launcher_says_with_how_many_threads() -> None:
    launcher = Scripted([])
    supervise(launcher, workers=4, look=lambda: 0, complete=lambda: True)
    assert launcher.orders == [{"work": "x", "threads": 2, "gpu_memory": 1.0}]


def test_workers_that_were_killed_are_started_again() -> None:
    launcher = Scripted(killed(), killed(), [])
    complete = iter([False, False, True])
    supervise(launcher, look=lambda: 0, complete=lambda: next(complete))
    assert launcher.fleets == []


def test_workers_that_get_nothing_done_are_given_up() -> None:
    launcher = Scripted(*[killed()] * 9)
    done = iter([0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2])
    with pytest.raises(RunError, match="SIGKILL"):
        supervise(launcher, look=lambda: next(done), complete=lambda: False)
    assert launcher.fleets


def test_what_a_worker_says_ends_it_all() -> None:
    launcher = Scripted([StudyError("the study is locked")], [])
    with pytest.raises(StudyError, match="locked"):
        supervise(launcher, look=lambda: 0, complete=lambda: False)
    assert len(launcher.fleets) == 1


def test_what_takes_long_to_look_at_is_looked_at_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The workers want the cores that looking takes, but not the time of waiting for a storage."""
    pauses: list[float] = []
    sleep = time.sleep
    monkeypatch.setattr(module.time, "sleep", pauses.append)

    def look() -> int:
        if len(pauses) == 1:
            sleep(0.1)
        until = time.thread_time() + (0.03 if len(pauses) == 2 else 0.0)
        while time.thread_time() < until:
            pass
        return len(pauses)

    supervise(Scripted([], polls=3), look=look, complete=lambda: True)
    quick, waiting, slow = pauses
    assert slow >= 50 * 0.03
    assert max(quick, waiting) < slow


def test_workers_that_still_wait_for_a_place_are_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_POLL_SECONDS", 0.0)
    monkeypatch.setattr(module, "_GRACE_SECONDS", 0.05)
    launcher = Scripted([], polls=10**9)
    supervise(launcher, look=lambda: 1, complete=lambda: True)
    assert launcher.fleets == []


def test_of_a_lost_worker_is_told_while_others_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several lost for one reason once; of the last one where the work is done without it."""
    monkeypatch.setattr(module, "_POLL_SECONDS", 0.0)
    failures: list[NasdipError] = [StudyError("another version")] * 2
    said: list[str] = []
    at_each_look: list[int] = []

    def look() -> int:
        at_each_look.append(len(said))
        if len(at_each_look) == 3:
            failures.extend(killed())
        return len(at_each_look)

    crew = Crew(Scripted(failures, polls=3), 1)
    module.supervise(crew, {}, look=look, complete=lambda: True, say=said.append)
    assert at_each_look == [1, 1, 1, 2]
    assert said == ["lost a worker: another version", f"lost a worker: {killed()[0]}"]


def test_what_is_raised_is_not_told_before() -> None:
    said: list[str] = []
    crew = Crew(Scripted([StudyError("the study is locked")]), 1)
    with pytest.raises(StudyError):
        module.supervise(crew, {}, look=lambda: 0, complete=lambda: False, say=said.append)
    assert said == []
