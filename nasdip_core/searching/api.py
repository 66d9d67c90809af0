"""Search for a network, from Python: the same as `nasdip search`."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nasdip_core.errors import OptionError, RunError
from nasdip_core.files import make_folder
from nasdip_core.imaging.kinds import LOSSLESS
from nasdip_core.imaging.samples import PREFIX
from nasdip_core.launcher import chosen_launcher
from nasdip_core.options import merge, nested, parse
from nasdip_core.pipeline.jobs import OUTPUT
from nasdip_core.pipeline.sources import read_source
from nasdip_core.plugins import Plugins
from nasdip_core.searching.conclude import SUMMARY, conclude
from nasdip_core.searching.definition import Search
from nasdip_core.searching.options import SearchRequest
from nasdip_core.searching.plan import known_choices, plan_search
from nasdip_core.searching.progress import Progress
from nasdip_core.searching.run import Effort, join_search, run_search
from nasdip_core.searching.summary import standing
from nasdip_core.study.storage import FILE, study_url, used_storage
from nasdip_core.study.study import load_study
from nasdip_core.supervise import Crew


def search(
    data: str | Path,
    task: str,
    *,
    trials: int = 50,
    workers: int = 1,
    options: Mapping[str, Any] | None = None,
    known: Sequence[str] = (),
    study: str | Path | None = None,
    name: str = "nasdip",
    output: str | Path | None = None,
    artifacts: str | Path | None = None,
    export: str | Path | None = None,
    base: Path = Path(),
    plugins: Plugins | None = None,
    watch: Callable[[Progress], None] = lambda _: None,
) -> dict[str, Any]:
    """Search, or go on with a search; return the `nasdip.search/1` object.

    `data` is a folder of clean pictures or one picture, `options` are dotted keys as in `-S`:
    {"space": "compact", "strategy.uses": "tpe", "fit.steps": 200, "launcher": "ray"}; `trials`
    counts the study's in all; `known` are architectures to begin with; paths in all three are
    relative to `base`. Raises NasdipError.
    """
    started = time.monotonic()
    _check_counts(trials=trials, workers=workers)
    plugins = plugins or Plugins.discover()
    content = {"data": str(data), **_nested(options or {})}
    crew = Crew(chosen_launcher(content, plugins), workers)
    content.pop("launcher", None)
    planned = plan_search(task, parse(SearchRequest, content, ""), plugins, base)
    place = Path(str(data).removeprefix(PREFIX)).absolute()
    # A dot in the name of a folder begins no suffix.
    called = place.name if Path(planned.request.data).is_dir() else place.stem
    folder = OUTPUT / f"{called}-{task}-search" if output is None else Path(output)
    file = None if export is None else Path(export)
    _check_files(planned, folder, file)
    effort = Effort(
        trials=trials,
        crew=crew,
        url=study_url(folder / FILE if study is None else study),
        name=name,
        output=folder,
        artifacts=None if artifacts is None else str(artifacts),
        known={
            # Before there is a study: one that is wrong leaves none.
            each: known_choices(
                planned.space, planned.request.space.uses, each, plugins, planned.base
            )
            for each in known
        },
    )
    if study is None:  # which lies in it: what is wrong with the folder is no fault of the study
        make_folder(folder)
    with used_storage(effort.url, create=True) as storage:
        found = run_search(planned, effort, storage, watch)
        told = conclude(planned, found, effort, plugins, file, time.monotonic() - started)
    if not told["best"]:
        raise RunError(_nothing_found(told), "see `nasdip search show`")
    return told


def join(
    study: str | Path,
    *,
    name: str | None = None,
    workers: int = 1,
    options: Mapping[str, Any] | None = None,
    plugins: Plugins | None = None,
    watch: Callable[[Progress], None] = lambda _: None,
) -> dict[str, Any]:
    """Help with a search that another machine has begun; return how the study stands then.

    `options` may name a launcher. Raises NasdipError.
    """
    _check_counts(workers=workers)
    plugins = plugins or Plugins.discover()
    crew = Crew(chosen_launcher(_nested(options or {}), plugins), workers)
    url = study_url(study)
    with used_storage(url) as storage:
        found = load_study(storage, url, name)
        join_search(found, url, crew, plugins, watch)
        return standing(found)


def _check_counts(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise OptionError(f"{name} = {count}", "it must be 1 or more")


def _check_files(planned: Search, output: Path, export: Path | None) -> None:
    """Raise NasdipError for files that would fail, or be lost, once hours have been spent."""
    for resolved in planned.resolved:
        read_source(resolved.picture, resolved.task)
    first = planned.resolved[0]
    for given in filter(None, (first.picture, first.mask, first.truth)):
        path = Path(given).resolve()
        written = path.stem.removesuffix(LOSSLESS) in first.task.writes
        if planned.single and written and path.parent == output.resolve():
            raise RunError(
                f"'{given}' would be overwritten by the result", "name another folder with -o DIR"
            )
    names = {"best", "index", "search", *(first.task.writes if planned.single else ())}
    if output.is_dir() and not any((output / known).exists() for known in (FILE, SUMMARY)):
        for path in output.iterdir():
            if path.is_file() and path.stem.removesuffix(LOSSLESS) in names:
                raise RunError(
                    f"'{path}' is in the way of this search, which has not made it",
                    "move the file, or name another folder with -o DIR",
                )
    if export is not None:
        _check_export(planned, export)


def _check_export(planned: Search, export: Path) -> None:
    """Raise RunError where the best architecture cannot be written, or only over what is read."""
    if not export.absolute().parent.is_dir():
        raise RunError(f"cannot write '{export}': its folder is not there", "make it first")
    if export.is_dir():
        raise RunError(f"cannot write '{export}': it is a folder", "name a file")
    read = {
        Path(given).resolve()
        for resolved in planned.resolved
        for given in (resolved.picture, resolved.mask, resolved.truth)
        if given is not None
    }
    if export.resolve() in read:
        raise RunError(f"'{export}' is what the search reads", "name another file")


def _nested(options: Mapping[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in options.items():
        content = merge(content, nested(key, value))
    return content


def _nothing_found(told: Mapping[str, Any]) -> str:
    """Say why a search has no best."""
    last = next((t["reason"] for t in reversed(told["history"]) if t["reason"]), "")
    counts = told["trials"]
    if counts["failed"] or counts["pruned"]:
        return f"none of {counts['failed'] + counts['pruned']} trials was done; the last: {last}"
    return f"no candidate within the limits in {counts['infeasible']} proposals; the last: {last}"
