"""Restore one picture: from a request to pictures, result and page."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasdip_core.behaviour import RunWatch
from nasdip_core.device import choose_device
from nasdip_core.fit.events import Event, EventLog, Observer
from nasdip_core.hooks import Run
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.stack import Stack
from nasdip_core.imaging.write import write_picture
from nasdip_core.memory import memory_limit_explained
from nasdip_core.pipeline.budget import (
    Plan,
    asked_for,
    done_in_time,
    earlier_plan,
    plan_for,
    tiled_as_before,
)
from nasdip_core.pipeline.document import to_yaml
from nasdip_core.pipeline.estimate import choose_tile, learn
from nasdip_core.pipeline.fitting import Fitter
from nasdip_core.pipeline.folder import RunFolder
from nasdip_core.pipeline.outcome import NOT_SURE, made_of, outcome, rendered, uncertainty
from nasdip_core.pipeline.outputs import Written, names_written, write_outputs, write_sources
from nasdip_core.pipeline.page import write_run_page
from nasdip_core.pipeline.prepare import prepare
from nasdip_core.pipeline.recipe import Solved, Solver
from nasdip_core.pipeline.resolved import Resolved, run_name
from nasdip_core.pipeline.samples import SampleWriter
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem
from nasdip_core.resources import no_more_threads_than_cores
from nasdip_core.restoration import RestorationProblem
from nasdip_core.tracker import Tracker

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored picture and how it came about."""

    pictures: Mapping[str, Picture]
    """The outputs by name; `restored` is the first."""
    result: dict[str, Any]
    """The object that `--json` prints."""
    folder: Path | None = None
    notes: Sequence[str] = field(default_factory=list)

    @property
    def picture(self) -> Picture:
        """The restored picture."""
        return next(iter(self.pictures.values()))

    def save(self, path: str | Path) -> list[Path]:
        """Write the restored picture, in the kind that the suffix names; return the files."""
        return write_picture(self.picture, path)

    @property
    def quality(self) -> dict[str, Any] | None:
        """The three qualities against the truth, where there is one."""
        quality: dict[str, Any] | None = self.result["quality"]
        return quality


@memory_limit_explained()
def run(
    resolved: Resolved,
    plugins: Plugins,
    folder: RunFolder | None,
    *,
    name: str | None = None,
    given: Mapping[str, Picture] | None = None,
    resume: bool = False,
    force: bool = False,
    observers: Sequence[Observer] = (),
    trackers: Mapping[str, Tracker] | None = None,
    started: float | None = None,
) -> Restored:
    """Run a resolved request; with a folder, everything is written there and can be resumed.

    The time, also that of `seconds`, counts from when `time.monotonic()` was `started`.
    """
    if folder is not None:
        # Before a picture is read: of a folder of thousands each would be in vain.
        folder.check_free(resume=resume, force=force)
    with RunWatch(plugins, trackers or {}) as watch:
        return _run(
            resolved, plugins, folder, watch, name, given, resume, force, observers, started
        )


def _run(
    resolved: Resolved,
    plugins: Plugins,
    folder: RunFolder | None,
    watch: RunWatch,
    name: str | None,
    given: Mapping[str, Picture] | None,
    resume: bool,
    force: bool,
    observers: Sequence[Observer],
    started: float | None,
) -> Restored:
    started = time.monotonic() if started is None else started
    given = given or {}
    device = choose_device(resolved.device)
    no_more_threads_than_cores()
    title = name or run_name(resolved)
    if folder is not None and resume:
        resolved = tiled_as_before(resolved, folder.pipeline)
    plan, planned_from = Plan(resolved), asked_for(resolved)
    if resolved.seconds is not None:
        planned = folder.pipeline if folder is not None and resume else None
        plan = _planned(resolved, title, planned, plugins, given, device, started)
    resolved = plan.resolved
    document = resolved.document(title)
    seen = {role: picture.digest for role, picture in given.items()}
    if folder is not None and resume:
        earlier = folder.earlier(document, seen, planned_from)
        if earlier is not None:
            return Restored(Written(folder, earlier, resolved), earlier, folder.path)
    prepared = prepare(resolved, plugins, given)
    sources, problem = prepared.sources, prepared.problem
    # What began in one piece goes on so, whatever memory is free by now.
    whole = folder is not None and resume and folder.pipeline.exists() and resolved.tile is None
    side = None if whole else choose_tile(resolved, problem, plugins, device)
    if side is not None:
        resolved = replace(resolved, tile=side)
        document = resolved.document(title)
    if folder is not None:
        folder.open(
            document,
            names=names_written(resolved, sources),
            given=seen,
            planned=planned_from,
            stacked=isinstance(sources.picture, Stack),
            resume=resume,
            force=force,
        )
        write_sources(folder, sources, given)
    watch.begin(Run(title, resolved.task_name, None if folder is None else folder.path, document))
    observers = [*observers, *watch.observers]
    deadline = None if plan.fit_seconds is None else started + plan.fit_seconds
    solved, events = _solve(resolved, problem, side, plugins, folder, device, observers, deadline)
    if deadline is not None:
        learn(resolved, problem, solved, plugins, device)
    if deadline is not None or (solved.fitted is not None and solved.fitted.cut_off):
        document = done_in_time(resolved, solved.fitted).document(title)
        if folder is not None:
            folder.write(folder.pipeline, to_yaml(document))
    pictures = rendered(problem, solved.chosen, sources)
    pictures |= uncertainty(problem, solved, sources)
    notes = watch.notes
    notes += [
        *([_taken(len(solved.fits))] if resolved.kept else []),
        *plan.notes,
        *problem.notes,
        *made_of(solved),
        *([NOT_SURE] if resolved.fit.langevin.noise and "uncertainty" not in pictures else []),
        *(note for p in pictures.values() for note in p.notes),
    ]
    outputs: dict[str, str] = {}
    if folder is not None:
        outputs = write_outputs(folder, pictures, problem, resolved)
    earlier_seconds = sum(fit.earlier_seconds for fit in solved.fits)
    result = outcome(
        resolved,
        problem,
        solved,
        sources,
        pictures,
        outputs,
        device=str(device),
        seconds=time.monotonic() - started + earlier_seconds,
    )
    if folder is not None:
        write_run_page(
            folder.page,
            title=title,
            result=result,
            document=document,
            sources=sources,
            missing=_missing(problem),
            pictures=pictures,
            events=events,
            resolved=resolved,
            slot=next(iter(problem.slots.values())),
            plugins=plugins,
            notes=notes,
            sections=watch.sections(result),
        )
        folder.finish(result)
    watch.done(result)
    return Restored(pictures, result, None if folder is None else folder.path, notes)


def _planned(
    resolved: Resolved,
    title: str,
    planned: Path | None,
    plugins: Plugins,
    given: Mapping[str, Picture],
    device: "torch.device",
    started: float,
) -> Plan:
    """Return the plan for the seconds asked for: that of an earlier run, where it goes on."""
    saved = None if planned is None else earlier_plan(planned, title, resolved, plugins)
    if saved is not None:
        return Plan(saved)
    problem = prepare(resolved, plugins, given).problem
    return plan_for(resolved, problem, plugins, device, elapsed=time.monotonic() - started)


def _solve(
    resolved: Resolved,
    problem: Problem,
    side: int | None,
    plugins: Plugins,
    folder: RunFolder | None,
    device: "torch.device",
    observers: Sequence[Observer],
    deadline: float | None,
) -> tuple[Solved, list[Event]]:
    """Follow the recipe; return the result and the events, earlier sessions' included."""
    seen: list[Event] = []
    log = None if folder is None else EventLog(folder.events)
    watching: list[Observer] = [seen.append, *observers]
    if log is not None:
        watching.append(log)
    if folder is not None:
        watching.append(SampleWriter(folder.samples, problem))
    fitter = Fitter(
        resolved, plugins, device, folder, watching, seed=resolved.seed, deadline=deadline
    )
    try:
        solved = Solver(fitter, side).solve(problem)
        return solved, seen if log is None else log.events()
    finally:
        if log is not None:
            log.close()


def _taken(fits: int) -> str:
    return "a fit of a search is taken" if fits == 1 else f"{fits} fits of a search are taken"


def _missing(problem: Problem) -> "torch.Tensor | None":
    """Return where samples were missing, from mask, colour or transparency; None: nowhere."""
    if isinstance(problem, RestorationProblem) and not bool(problem.known.all()):
        return ~problem.known
    return None
