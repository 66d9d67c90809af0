"""Who works on a trial, whether that worker still lives, and what becomes of its trial if not.

A worker notes itself at its trial and renews the note every few seconds. A trial is given up when
its worker's process is gone from this machine, or its note has not changed for a minute by our own
clock (clocks of two machines need not agree). It is then tried again in the same slot.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from optuna.distributions import CategoricalDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from nasdip_core.study.records import ABANDONED, NOTES, REASON, SLOT, slot_of

LEASE = "nasdip:lease"
"""System attribute of a running trial: who works on it."""
_DECIDED = "nasdip:decided"
"""System attribute of a trial all of whose decisions are made."""
ATTEMPT = "attempt"
"""Attribute of a trial that is tried again: how many have died over it."""
RENEW_SECONDS = 5.0
SILENT_SECONDS = 60.0
"""After so long without a renewal a worker counts as gone."""
_CHANCE_SECONDS = 3 * RENEW_SECONDS
"""For how long it is looked at again before that."""
_REPAIR_SECONDS = 10.0
"""After so long a trial that was given up and not queued again is queued by whoever sees it."""
DEATHS = 3
"""Workers that may die over a trial before it counts as failed."""


@contextmanager
def leased(study: Study, trial_id: int) -> Iterator[None]:
    """Hold the lease of a trial while the block runs."""
    lease: dict[str, str | int | None] = {
        "host": _host(),
        "pid": os.getpid(),
        "started": _started(os.getpid()),
    }
    done = threading.Event()

    def renew(beat: int) -> None:
        # A trial that another one has given up, or a busy database, are met when it is told.
        with suppress(Exception):
            study._storage.set_trial_system_attr(trial_id, LEASE, {**lease, "beat": beat})

    def keep() -> None:
        beat = 1
        while not done.wait(RENEW_SECONDS):
            renew(beat)
            beat += 1

    renew(0)
    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def decide(
    study: Study, trial: Trial, distributions: Mapping[str, CategoricalDistribution]
) -> None:
    """Let the sampler make all decisions of a trial; its lease is held, as that may take long.

    Raises UpdateFinishedTrialError where another worker has given it up meanwhile.
    """
    for name, distribution in distributions.items():
        trial.suggest_categorical(name, distribution.choices)
    study._storage.set_trial_system_attr(trial._trial_id, _DECIDED, True)


@dataclass(frozen=True, slots=True)
class _Sighting:
    """A lease as it was seen last, by our own clock."""

    lease: Any
    since: float
    overdue: float | None = None
    """When its silence was first found too long."""


class Reaper:
    """Gives up the trials of workers that are gone; asked every now and then."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._seen: dict[int, _Sighting] = {}
        self._lost_since: dict[int, float] = {}

    def reap(self) -> int:
        """Give up and queue again what nobody works on; return how many trials that were."""
        trials = self._study.get_trials(deepcopy=False)
        running = [t for t in trials if t.state is TrialState.RUNNING]
        given_up = [t for t in running if self._is_stale(t)]
        for trial in given_up:
            give_up(self._study, trial)
        lost = self._lost(trials)
        for trial in lost:
            _queue(self._study, trial)
        self._seen = {t.number: self._seen[t.number] for t in running if t.number in self._seen}
        return len(given_up) + len(lost)

    def _is_stale(self, trial: FrozenTrial) -> bool:
        lease = trial.system_attrs.get(LEASE)
        if lease is not None and lease["host"] == _host():
            started = _started(lease["pid"])
            if started is not None:
                return bool(started != lease["started"])
        now, seen = time.monotonic(), self._seen.get(trial.number)
        if seen is None or seen.lease != lease:
            self._seen[trial.number] = _Sighting(lease, now)
            return False
        if now - seen.since <= SILENT_SECONDS:
            return False
        if seen.overdue is None:
            # The storage may have been away, for that worker as for us: it is given another chance.
            self._seen[trial.number] = replace(seen, overdue=now)
            return False
        return now - seen.overdue > _CHANCE_SECONDS

    def _lost(self, trials: list[FrozenTrial]) -> list[FrozenTrial]:
        """Return trials that were given up by a process that ended before it queued them."""
        latest = {slot_of(trial): trial.number for trial in trials}
        now = time.monotonic()
        unqueued = [
            trial
            for trial in trials
            if trial.state is TrialState.FAIL
            and trial.user_attrs.get(ABANDONED)
            and latest[slot_of(trial)] == trial.number
        ]
        # By our own clock: that of the worker that ended the trial may be another.
        self._lost_since = {t.number: self._lost_since.get(t.number, now) for t in unqueued}
        return [t for t in unqueued if now - self._lost_since[t.number] > _REPAIR_SECONDS]


def tell(
    study: Study, trial: Trial, values: Sequence[float] | None, state: TrialState | None = None
) -> None:
    """Tell a trial its values or state, unless another worker has given it up meanwhile."""
    with suppress(UpdateFinishedTrialError):
        try:
            study.tell(trial, values, state)
        except ValueError:
            if not study._storage.get_trial(trial._trial_id).state.is_finished():
                raise


def note(trial: Trial, key: str, value: Any) -> None:
    """Note something at a trial, unless another worker has given it up meanwhile."""
    with suppress(UpdateFinishedTrialError):
        trial.set_user_attr(key, value)


def give_up(study: Study, trial: FrozenTrial, *, died: bool = True) -> None:
    """End a running trial and queue it again in its slot; after three deaths it has failed.

    `died` is false where the user has stopped the worker.
    """
    storage, deaths = study._storage, _deaths(trial) + died
    # Marked before it ends: to no one else it looks like a trial that has failed.
    with suppress(UpdateFinishedTrialError):
        if deaths >= DEATHS:
            reason = f"its worker died {deaths} times; was there enough memory?"
            storage.set_trial_user_attr(trial._trial_id, REASON, reason)
        else:
            storage.set_trial_user_attr(trial._trial_id, ABANDONED, True)
            storage.set_trial_user_attr(trial._trial_id, ATTEMPT, deaths)
        if storage.set_trial_state_values(trial._trial_id, TrialState.FAIL) and deaths < DEATHS:
            _queue(study, study._storage.get_trial(trial._trial_id))


def _queue(study: Study, trial: FrozenTrial) -> None:
    """Queue a trial again in its slot, with its choices."""
    kept = {NOTES: trial.system_attrs[NOTES]} if NOTES in trial.system_attrs else {}
    # A part of the decisions is of no use.
    made = trial.params if _DECIDED in trial.system_attrs else {}
    fixed = trial.system_attrs.get("fixed_params") or made
    study.add_trial(
        create_trial(
            state=TrialState.WAITING,
            user_attrs={
                **{k: v for k, v in trial.user_attrs.items() if k == "known"},
                SLOT: slot_of(trial),
                ATTEMPT: _deaths(trial),
            },
            system_attrs={**kept, "fixed_params": dict(fixed)},
        )
    )


def _deaths(trial: FrozenTrial) -> int:
    deaths: int = trial.user_attrs.get(ATTEMPT, 0)
    return deaths


def _host() -> str:
    """Return a name for where process numbers mean something: a machine, or a container on it."""
    # Machines made from one image may share their name, and the number of the space.
    found = [socket.gethostname()]
    with suppress(OSError):
        found.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with suppress(OSError):
        found.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(found)


def _started(pid: int) -> str | None:
    """Return when a process of this machine began, in the system's terms; empty: it is gone.

    None where the system does not tell.
    """
    with suppress(OSError, IndexError):
        text = Path(f"/proc/{pid}/stat").read_text()
        fields = text.rpartition(")")[2].split()
        # A killed child that nobody has waited for yet is as good as gone.
        return "" if fields[0] in "ZX" else fields[19]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass  # another user's, which /proc may hide
    return None
