"""A task as a step of a pipeline: a picture, or every picture of a folder."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasdip_core.blame import attributed, said
from nasdip_core.errors import NasdipError, RunError
from nasdip_core.imaging.kinds import LOSSLESS
from nasdip_core.options import parse
from nasdip_core.pipeline.folder import RunFolder
from nasdip_core.pipeline.jobs import batch, is_batch
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.plugins import Plugins

if TYPE_CHECKING:
    from nasdip_core.fit.events import Observer

Progress = Callable[[int], "AbstractContextManager[Observer]"]
"""Takes the number of steps of a fit; shows it while it runs."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step works."""

    folder: Path
    base: Path
    """The folder that paths are relative to."""
    begin: Callable[[], None]
    """To be called when all is planned, before anything is done."""
    trackers: Sequence[str] = ()
    """Names of what hears of it."""


def restore_step(
    task: str,
    content: Mapping[str, Any],
    name: str,
    place: Place,
    plugins: Plugins,
    progress: Progress,
    say: Callable[[str], None],
) -> dict[str, str]:
    """Restore what a step names and return its outputs.

    Of a folder, each output is a folder with a file a picture. Raises RunError where pictures of a
    folder have failed, once the others are done.
    """
    source = content.get("picture")
    if isinstance(source, str) and is_batch(place.base / source, task, content, plugins):
        return _folder(task, content, place, plugins, progress, say)
    resolved = resolve(task, parse(RestoreRequest, content, ""), plugins, place.base)
    place.begin()
    return _one(resolved, name, place, plugins, progress, say)


def discard(folder: Path) -> None:
    """Remove what runs have written into a step's folder, and into those of its pictures.

    Raises RunError where that cannot be told or removed.
    """
    for place in (folder, *(inner for inner in folder.iterdir() if inner.is_dir())):
        RunFolder(place).discard()


def _one(
    resolved: Resolved,
    name: str,
    place: Place,
    plugins: Plugins,
    progress: Progress,
    say: Callable[[str], None],
) -> dict[str, str]:
    from nasdip_core.pipeline.restore import run

    kept = RunFolder(place.folder)
    # The same run that was interrupted goes on; another one takes its place.
    same = _holds(kept, resolved, name, plugins)
    with progress(resolved.fit.steps) as observer:
        found = run(
            resolved,
            plugins,
            kept,
            name=name,
            resume=same,
            force=not same,
            observers=[observer],
            trackers={each: plugins.create("tracker", each) for each in place.trackers},
        )
    for note in found.notes:
        say(f"note: {note}")
    outputs = {key: str(Path(path).absolute()) for key, path in found.result["outputs"].items()}
    return {**outputs, **_common(place.folder, kept.page, kept.result)}


def _holds(folder: RunFolder, resolved: Resolved, name: str, plugins: Plugins) -> bool:
    """Return whether a folder holds this very run, of these very inputs, finished or not."""
    from nasdip_core.pipeline.budget import asked_for, earlier_plan, tiled_as_before

    plan: Resolved | None = resolved
    planned_from = asked_for(resolved)
    try:
        plan = resolved = tiled_as_before(resolved, folder.pipeline)
        if resolved.seconds is not None:
            plan = earlier_plan(folder.pipeline, name, resolved, plugins)
        if plan is not None:
            folder.earlier(plan.document(name), {}, planned_from)
    except NasdipError:
        return False
    return plan is not None and folder.pipeline.exists()


def _folder(
    task: str,
    content: Mapping[str, Any],
    place: Place,
    plugins: Plugins,
    progress: Progress,
    say: Callable[[str], None],
) -> dict[str, str]:
    folder, base = place.folder, place.base
    planned = batch(base / content["picture"], task, content, folder, plugins, base)
    place.begin()
    failures = [f"{failure.label}: {failure.error}" for failure in planned.failures]
    made: dict[str, dict[str, str]] = {}
    for job in planned.jobs:
        say(f"{job.label}:")
        try:
            there = replace(place, folder=job.folder)
            made[job.folder.name] = _one(job.resolved, job.name, there, plugins, progress, say)
        except Exception as error:  # a plugin may fail in any way, and the others go on
            failures.append(f"{job.label}: {said(attributed(error))}")
    outputs = _gathered(made, folder, {job.folder.name for job in planned.jobs})
    for failure in failures:
        say(f"error: {failure}")
    if failures:
        count = len(planned.jobs) + len(planned.failures)
        raise RunError(f"{len(failures)} of {count} pictures failed; the first: {failures[0]}")
    return {**outputs, "folder": str(folder.absolute())}


def _gathered(
    made: Mapping[str, Mapping[str, str]], folder: Path, taken: set[str]
) -> dict[str, str]:
    """Copy the pictures' outputs into a folder each, so that the next step can take them as one.

    `made`: outputs by the name of a picture's own folder; those names are `taken`. Raises RunError
    where such a folder holds anything else.
    """
    outputs: dict[str, Path] = {}
    copies: dict[Path, str] = {}
    for picture, of_it in made.items():
        for name, path in of_it.items():
            if name in ("folder", "page", "result") or name.endswith(LOSSLESS):
                continue
            free = name
            while free in taken:
                free = f"all-{free}"
            outputs[name] = folder / free
            suffix = Path(path).suffix
            whole = picture.lower().endswith(suffix.lower())
            copies[folder / free / (picture if whole else f"{picture}{suffix}")] = path
    # What was gathered before may be of pictures that are there no more.
    kept = RunFolder(folder)
    kept.discard()
    for gathered in outputs.values():
        if gathered.exists() and any(gathered.iterdir()):
            raise RunError(
                f"'{gathered}' is in the way: it holds what this step has not made",
                "move it, or name another folder with -o DIR",
            )
    kept.claim(copies)
    for copy, path in copies.items():
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, copy)
    return {name: str(gathered.absolute()) for name, gathered in outputs.items()}


def _common(folder: Path, page: Path, result: Path) -> dict[str, str]:
    return {
        "folder": str(folder.absolute()),
        "page": str(page.absolute()),
        "result": str(result.absolute()),
    }
