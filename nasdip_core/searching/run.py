"""Runs a search: makes the study, starts the workers, watches them, and says what was found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from optuna.storages import BaseStorage
from optuna.study import Study

from nasdip_core.files import make_folder
from nasdip_core.plugins import Plugins
from nasdip_core.searching.definition import Search
from nasdip_core.searching.finals import comparison_of
from nasdip_core.searching.progress import Progress, progress_of
from nasdip_core.searching.travel import send
from nasdip_core.searching.trials import ended_early
from nasdip_core.space import Choice, Choices
from nasdip_core.study.artifacts import Artifacts, artifacts_of, note_place, place_of_files
from nasdip_core.study.best import places_of
from nasdip_core.study.lease import Reaper
from nasdip_core.study.order import note_order, order_of
from nasdip_core.study.records import OUTCOME, History
from nasdip_core.study.reference import space_of
from nasdip_core.study.study import create_study, settings_of
from nasdip_core.supervise import Crew, supervise

Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is to be searched, and where."""

    trials: int
    """Of the study in all."""
    crew: Crew
    url: str
    name: str
    output: Path
    artifacts: str | None = None
    """Where pictures and fits are that travel; none: they do not."""
    known: Mapping[str, Choices] = field(default_factory=dict)
    """Architectures to begin with, by name or file."""


def run_search(search: Search, effort: Effort, storage: BaseStorage, watch: Watch) -> Study:
    """Search until a study in the storage has its trials, the best compared; return the study.

    Raises RunInterruptedError where the user stops it; the same call goes on.
    """
    settings = search.settings()
    make_folder(effort.output)
    study = create_study(
        storage, effort.url, effort.name, settings, by_cost=search.strategy.by_cost
    )
    if effort.artifacts is not None:
        place = place_of_files(study, effort.artifacts)
        send(search, Artifacts(study, place))
        note_place(study, place)
    elif (artifacts := artifacts_of(study)) is not None:
        send(search, artifacts)
    # Last of all that may be refused: others may be at work on the study.
    if not _complete(study, effort.trials, search.space.size):
        for name, choices in effort.known.items():
            _enqueue(study, name, choices)
    note_order(
        study,
        {
            "task": search.task,
            "request": search.request.model_dump(mode="json", by_alias=True),
            "trials": effort.trials,
            "output": str(effort.output.absolute()),
            "base": str(search.base.absolute()),
        },
    )
    _work_on(study, effort.url, effort.trials, search.space.size, effort.crew, watch)
    return study


def join_search(study: Study, url: str, crew: Crew, plugins: Plugins, watch: Watch) -> None:
    """Help with a search until it has its trials and its best are compared."""
    trials = order_of(study)["trials"]
    _work_on(study, url, trials, space_of(settings_of(study), plugins).size, crew, watch)


def _work_on(study: Study, url: str, trials: int, size: int, crew: Crew, watch: Watch) -> None:
    reaper = Reaper(study)
    lost: list[str] = []

    def look() -> int:
        # Workers do so between two of their own trials, which may be long.
        reaper.reap()
        progress = progress_of(study.get_trials(deepcopy=False), trials, crew.workers)
        if not progress.running:
            progress = replace(progress, comparison=comparison_of(study, crew.workers))
        watch(replace(progress, lost=tuple(lost)))
        return progress.finished

    def complete() -> bool:
        return _complete(study, trials, size)

    if not complete():
        order = {"work": "search", "study": url, "name": study.study_name}
        supervise(crew, order, look=look, complete=complete, say=lost.append)


def _complete(study: Study, trials: int, size: int) -> bool:
    """Return whether there is nothing left to do."""
    history = History()
    history.update(study.get_trials(deepcopy=False))
    records = history.records
    if any(r.state == "open" for r in records):
        return False
    enough = sum(r.counts for r in records) >= trials or bool(ended_early(records, size))
    return enough and places_of(study, records) is not None


def _enqueue(study: Study, name: str, choices: Mapping[str, Choice]) -> None:
    """Queue a known architecture as a trial, once; again where there was no room for it."""
    trials = study.get_trials(deepcopy=False)
    queued = [
        (t.user_attrs["known"], t.system_attrs.get("fixed_params"))
        for t in trials
        if "known" in t.user_attrs and t.user_attrs.get(OUTCOME) != "surplus"
    ]
    # A file of the same name may hold another one by now.
    if (name, dict(choices)) not in queued:
        study.enqueue_trial(dict(choices), user_attrs={"known": name})


def early_end(study: Study, search: Search, trials: int) -> str:
    """Return why a search ended before it had its trials; empty: it has them."""
    history = History()
    history.update(study.get_trials(deepcopy=False))
    if sum(r.counts for r in history.records) >= trials:
        return ""
    return ended_early(history.records, search.space.size)
