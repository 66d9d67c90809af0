"""Numbered units of work that workers share, resume and retry.

They are the slots of a study: who asks for a trial gets the next unit, holds its lease while it
works, and one whose worker is gone is done again by another.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from nasdip_core.blame import attributed, said
from nasdip_core.errors import ExitCode, RunInterruptedError
from nasdip_core.files import make_folder
from nasdip_core.study.lease import Reaper, give_up, leased, note, tell
from nasdip_core.study.records import REASON, History, Record, place_of
from nasdip_core.study.storage import of_storage, study_url, used_storage
from nasdip_core.supervise import Crew, supervise

FILE = "units-{}.journal"
"""Name of the file, in the folder that is filled, which says who works on what of a command."""
EXIT_CODE = "exit_code"
"""Attribute of a unit that has failed."""
REMARKS = "remarks"
"""Attribute of a unit that is done: what there is to say of it."""
_POLL_SECONDS = 0.5

Do = Callable[[Trial, int], float]
"""Does a unit by its number, and returns what it is worth."""


class Units:
    """One worker's share of so many units."""

    def __init__(
        self,
        study: Study,
        count: int,
        stopped: Callable[[], bool],
        passed_on: tuple[type[Exception], ...] = (),
    ) -> None:
        """Errors that are `passed_on` end the worker, and the unit at hand is queued again."""
        self._study = study
        self._count = count
        self._stopped = stopped
        self._passed_on: tuple[type[BaseException], ...] = (RunInterruptedError, *passed_on)

    def run(self, do: Do) -> Sequence[Record]:
        """Do units until all have ended; return their records.

        Raises RunInterruptedError where the user stops it; the unit at hand is queued again.
        """
        reaper = Reaper(self._study)
        while True:
            reaper.reap()
            records = records_of(self._study, self._count)
            if all_ended(records, self._count):
                return records
            if self._stopped():
                raise RunInterruptedError("interrupted")
            waiting = self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
            if waiting or len(records) < self._count:
                self._one(do)
            else:
                time.sleep(_POLL_SECONDS)

    def _one(self, do: Do) -> None:
        study = self._study
        trial = study.ask()
        trials = study.get_trials(deepcopy=False)
        place = place_of(trials[trial.number], trials)
        if place >= self._count:
            study.tell(trial, state=TrialState.FAIL)  # two workers asked for the last one at once
            return
        with leased(study, trial._trial_id):
            try:
                value = do(trial, place)
            except self._passed_on:
                give_up(study, study._storage.get_trial(trial._trial_id), died=False)
                raise
            except Exception as error:  # a plugin may fail in any way, and the others go on
                if of_storage(error):
                    raise
                told = attributed(error)
                note(trial, REASON, said(told))
                note(trial, EXIT_CODE, int(getattr(told, "exit_code", ExitCode.FAILED)))
                tell(study, trial, None, TrialState.FAIL)
            else:
                tell(study, trial, [value])


def records_of(study: Study, count: int) -> Sequence[Record]:
    """Return the records of the units that have been asked for."""
    history = History()
    history.update(study.get_trials(deepcopy=False))
    return history.records[:count]


def all_ended(records: Sequence[Record], count: int) -> bool:
    """Return whether nothing is left to do."""
    return len(records) == count and all(record.state != "open" for record in records)


def units_study(storage: BaseStorage, name: str) -> Study:
    """Make or open the study of units."""
    return optuna.create_study(
        storage=storage,
        study_name=name,
        direction="maximize",
        load_if_exists=True,
        sampler=optuna.samplers.RandomSampler(),
        pruner=optuna.pruners.NopPruner(),
    )


def share(
    folder: Path,
    order: Mapping[str, Any],
    crew: Crew,
    look: Callable[[int, FrozenTrial], None],
    say: Callable[[str], None],
) -> list[FrozenTrial]:
    """Let a crew do the `units` of an order; return the last trial of each.

    `look` is told of each that has ended, by its number, once; `say` of workers that are lost.
    Raises NasdipError.
    """
    count = len(order["units"])
    if not count:
        return []
    with _study_of_a_command(folder) as (study, url):
        reaper = Reaper(study)
        told: set[int] = set()

        def ended() -> dict[int, FrozenTrial]:
            trials = study.get_trials(deepcopy=False)
            records = enumerate(records_of(study, count))
            return {unit: trials[r.number] for unit, r in records if r.state != "open"}

        def show() -> int:
            # Workers do so between two of their own units, which may be long.
            reaper.reap()
            found = ended()
            for unit in found.keys() - told:
                told.add(unit)
                look(unit, found[unit])
            return len(found)

        supervise(
            crew,
            {**order, "study": url, "name": study.study_name},
            look=show,
            complete=lambda: len(ended()) == count,
            say=say,
        )
        return list(ended().values())


@contextmanager
def _study_of_a_command(folder: Path) -> Iterator[tuple[Study, str]]:
    """Yield a study of units in a file of its own, and its URL; then the file is removed."""
    make_folder(folder)
    name = secrets.token_hex(4)
    file = folder / FILE.format(name)
    url = study_url(file)
    try:
        with used_storage(url, create=True) as storage:
            yield units_study(storage, name), url
    finally:
        with suppress(OSError):  # it is of no further use, wherever the disk may be
            file.unlink()


def do_units(order: Mapping[str, Any], stopped: Callable[[], bool], do: Do) -> None:
    """Do a worker's share of the units of an order."""
    with used_storage(order["study"], searching=True) as storage:
        study = units_study(storage, order["name"])
        Units(study, len(order["units"]), stopped).run(do)
