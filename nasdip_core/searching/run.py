"""Runs a search: makes the study, starts the workers, watches them, and says what was found."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from optuna.study import Study

from nasdip_core.architecture.named import find_architecture
from nasdip_core.architecture.specification import PluginNetwork
from nasdip_core.errors import NasdipError, OptionError, RunError, RunInterruptedError
from nasdip_core.launcher import Fleet, Launcher
from nasdip_core.plugins import Plugins
from nasdip_core.searching.finals import comparison_of
from nasdip_core.searching.plan import Search
from nasdip_core.searching.progress import Progress, progress_of
from nasdip_core.searching.trials import ended_early
from nasdip_core.space import Choice, InfeasibleError
from nasdip_core.study.best import places_of
from nasdip_core.study.records import History
from nasdip_core.study.storage import explained, open_storage
from nasdip_core.study.study import create_study

_POLL_SECONDS = 0.5
_PAUSE = 50
"""How much longer than a look at the study the pause after it is, at least."""
_RESTARTS = 3
"""How often all workers may die without a trial done in between."""

Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is to be searched, and where."""

    trials: int
    """Of the study in all."""
    workers: int
    launcher: Launcher
    url: str
    name: str
    output: Path
    known: Sequence[str] = ()
    """Architectures to begin with: names or files."""


def run_search(search: Search, effort: Effort, plugins: Plugins, watch: Watch) -> Study:
    """Search until the study has its trials and its best are compared; return the study.

    Raises RunInterruptedError where the user stops it; the same call goes on.
    """
    known = [_choices(search, name, plugins) for name in effort.known]
    settings = search.settings()
    storage = open_storage(effort.url, create=True)
    with explained(effort.url):
        study = create_study(
            storage, effort.url, effort.name, settings, by_cost=search.strategy.by_cost
        )
        for name, choices in zip(effort.known, known, strict=True):
            _enqueue(study, name, choices)
        effort.output.mkdir(parents=True, exist_ok=True)
        if not _complete(study, effort.trials, search.space.size):
            _with_workers(search, study, effort, watch)
    return study


def _with_workers(search: Search, study: Study, effort: Effort, watch: Watch) -> None:
    order = {
        "task": search.task,
        "request": search.request.model_dump(mode="json", by_alias=True),
        "study": effort.url,
        "name": effort.name,
        "trials": effort.trials,
        "threads": max(1, _cores() // effort.workers) if effort.workers > 1 else None,
        "output": str(effort.output.absolute()),
    }
    deaths, before = 0, -1
    while True:
        fleet = effort.launcher.launch(order, effort.workers)
        try:
            _watch_until_ended(study, effort, fleet, watch)
            failures = fleet.failures()
        except BaseException as error:
            fleet.interrupt()
            if isinstance(error, RunInterruptedError):
                raise RunInterruptedError("interrupted", "the same command goes on") from None
            raise
        finally:
            fleet.kill()
        if _complete(study, effort.trials, search.space.size):
            return
        _raise_unless_killed(failures)
        done = progress_of(study.get_trials(deepcopy=False), effort.trials, 1).finished
        deaths, before = (deaths + 1 if done == before else 1), done
        if deaths >= _RESTARTS:
            raise failures[0] if failures else RunError("the workers ended before the search did")


def _watch_until_ended(study: Study, effort: Effort, fleet: Fleet, watch: Watch) -> None:
    while fleet.alive():
        begun = time.monotonic()
        watch(_progress(study, effort))
        # A long study takes long to look at, and the workers want the cores.
        time.sleep(max(_POLL_SECONDS, _PAUSE * (time.monotonic() - begun)))
    watch(_progress(study, effort))


def _progress(study: Study, effort: Effort) -> Progress:
    progress = progress_of(study.get_trials(deepcopy=False), effort.trials, effort.workers)
    if progress.running:
        return progress
    return replace(progress, comparison=comparison_of(study, effort.workers))


def _raise_unless_killed(failures: Sequence[NasdipError]) -> None:
    """Raise what a worker said; one that was killed could say nothing and is started again."""
    for failure in failures:
        if type(failure) is not RunError:
            raise failure


def _complete(study: Study, trials: int, size: int) -> bool:
    """Return whether there is nothing left to do."""
    history = History()
    history.update(study.get_trials(deepcopy=False))
    records = history.records
    if any(r.state == "open" for r in records):
        return False
    enough = sum(r.counts for r in records) >= trials or bool(ended_early(records, size))
    return enough and places_of(study, records) is not None


def _choices(search: Search, name: str, plugins: Plugins) -> dict[str, Choice]:
    """Return a known architecture as a point of the space."""
    architecture = find_architecture(name, plugins).architecture
    try:
        if isinstance(architecture, PluginNetwork):
            raise InfeasibleError("it is no U-Net")
        return search.space.encode(architecture)
    except NasdipError as error:
        raise OptionError(
            f"'{name}' is no point of space '{search.request.space.uses}': {error}"
        ) from None


def _enqueue(study: Study, name: str, choices: Mapping[str, Choice]) -> None:
    """Queue a known architecture as a trial, once."""
    queued = {trial.user_attrs.get("known") for trial in study.get_trials(deepcopy=False)}
    if name not in queued:
        study.enqueue_trial(dict(choices), user_attrs={"known": name})


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def early_end(study: Study, search: Search, trials: int) -> str:
    """Return why a search ended before it had its trials; empty: it has them."""
    history = History()
    history.update(study.get_trials(deepcopy=False))
    if sum(r.counts for r in history.records) >= trials:
        return ""
    return ended_early(history.records, search.space.size)
