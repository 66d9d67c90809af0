"""Starts workers, watches them, and starts them again where all of them have died."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nasdip_core.errors import NasdipError, RunError, RunInterruptedError
from nasdip_core.launcher import Fleet, Launcher

_POLL_SECONDS = 0.5
_PAUSE = 50
"""How much longer than a look at the work the pause after it is, at least."""
_GRACE_SECONDS = 10.0
"""For how long workers may take to see that all is done."""
_RESTARTS = 3
"""How often all workers may die without anything done in between."""


@dataclass(frozen=True, slots=True)
class Crew:
    """How many workers, and where."""

    launcher: Launcher
    workers: int


def supervise(
    crew: Crew,
    order: Mapping[str, Any],
    *,
    look: Callable[[], int],
    complete: Callable[[], bool],
    say: Callable[[str], None],
) -> None:
    """Let workers do an order until it is complete.

    `look` is called while they work; it shows how far they are and returns how much is done.
    `say` is told why a worker is lost without which the others go on, all of one reason once.
    Raises RunInterruptedError where the user stops it, and what a worker says that cannot work.
    """
    deaths, before = 0, -1
    said: set[str] = set()

    def tell(failures: Sequence[NasdipError]) -> None:
        for reason in map(str, failures):
            if reason not in said:
                said.add(reason)
                say(f"lost a worker: {reason}")

    launcher, workers = crew.launcher, crew.workers
    means = {"threads": launcher.threads(workers), "gpu_memory": launcher.gpu_memory(workers)}
    while True:
        fleet = launcher.launch({**order, **means}, workers)
        try:
            _watch_until_ended(fleet, look, complete, tell)
            failures, ended = fleet.failures(), complete()
            if ended:
                tell(failures)
            done = look()
        except BaseException as error:
            fleet.interrupt()
            if isinstance(error, RunInterruptedError):
                raise RunInterruptedError("interrupted", "the same command goes on") from None
            raise
        finally:
            fleet.kill()
        if ended:
            return
        _raise_unless_killed(failures)
        deaths, before = (deaths + 1 if done == before else 1), done
        if deaths >= _RESTARTS:
            raise failures[0] if failures else RunError("the workers ended before the work did")


def _watch_until_ended(
    fleet: Fleet,
    look: Callable[[], int],
    complete: Callable[[], bool],
    tell: Callable[[Sequence[NasdipError]], None],
) -> None:
    before = -1
    while fleet.alive():
        begun = time.thread_time()
        tell(fleet.failures())
        done = look()
        if done == before and complete():
            # Some may still wait for a place in their cluster; there is nothing left for them.
            _let_end(fleet)
            break
        before = done
        # A long study takes long to look at, and the workers want the cores. They do not want the
        # time in which a storage was waited for.
        time.sleep(max(_POLL_SECONDS, _PAUSE * (time.thread_time() - begun)))


def _let_end(fleet: Fleet) -> None:
    until = time.monotonic() + _GRACE_SECONDS
    while fleet.alive() and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)


def _raise_unless_killed(failures: Sequence[NasdipError]) -> None:
    """Raise what a worker said; one that was killed could say nothing and is started again."""
    for failure in failures:
        if type(failure) is not RunError:
            raise failure
