"""What one command is to run: a picture, a folder of pictures, or a pipeline file of one step."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from nasdip_core.errors import NasdipError, OptionError, PictureError, did_you_mean
from nasdip_core.imaging.folder import frame_files, pictures_in
from nasdip_core.options import merge, parse
from nasdip_core.pipeline.architectures import architectures
from nasdip_core.pipeline.document import Document, PipelineStep, read_pipeline
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.resolved import Resolved, run_name
from nasdip_core.plugins import Plugins
from nasdip_core.task import TaskOptions

OUTPUT = Path("nasdip-out")
"""Where results go unless the user says otherwise."""


@dataclass(frozen=True, slots=True)
class Job:
    """One restoration of a command."""

    label: str
    """The step's id, or the picture's file name."""
    name: str
    """Name of the run, the page's title."""
    folder: Path
    resolved: Resolved


@dataclass(frozen=True, slots=True)
class Failure:
    """A picture of a folder that could not be restored."""

    label: str
    error: NasdipError


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs of a command, and what kind of command it is."""

    kind: Literal["single", "batch"]
    jobs: list[Job]
    failures: list[Failure]
    """Pictures that fail before anything is run: a mask that is missing."""
    order: Mapping[str, Any] = field(default_factory=dict)
    """Of a folder, what `batch` was asked, for workers to ask the same."""


def plan(
    source: str | None,
    task: str | None,
    given: Mapping[str, Any],
    output: Path | None,
    plugins: Plugins,
) -> Plan:
    """Resolve everything that a command asks for; no picture is read yet.

    `given` lies on top of what a pipeline file says. Raises NasdipError.
    """
    if source is not None and source.lower().endswith((".yaml", ".yml")):
        return _file(Path(source), task, given, output, plugins)
    if task is None:
        raise OptionError(
            "no task is named", "say --task inpaint; `nasdip list task` shows them all"
        )
    if source is not None and is_batch(Path(source), task, given, plugins):
        folder = output or OUTPUT / f"{Path(source).resolve().name}-{task}"
        return batch(Path(source), task, given, folder, plugins)
    content = given if source is None else {"picture": source, **given}
    resolved = resolve(task, parse(RestoreRequest, content, ""), plugins, Path())
    name = run_name(resolved)
    return Plan("single", [Job("restore", name, output or OUTPUT / name, resolved)], [])


def _file(
    path: Path, task: str | None, given: Mapping[str, Any], output: Path | None, plugins: Plugins
) -> Plan:
    """Return the plan of a file with a single step, which is a task."""
    document = read_pipeline(path)
    (step,) = document.pipeline.steps
    name = document.pipeline.name or path.stem
    step_task = step.uses.removeprefix("task.")
    if task is not None and task != step_task:
        raise OptionError(f"--task {task} does not fit the pipeline's step '{step.uses}'")
    (step,) = changed(document, given).pipeline.steps
    content, base = step.with_, path.parent
    picture = content.get("picture")
    try:
        if isinstance(picture, str) and is_batch(base / picture, step_task, content, plugins):
            folder = output or OUTPUT / name
            return batch(base / picture, step_task, content, folder, plugins, base)
        request = parse(RestoreRequest, content, "")
        resolved = resolve(step_task, request, plugins, base)
    except NasdipError as error:
        raise document.located(["steps", 0, "with"], error) from None
    return Plan("single", [Job(step.id, name, output or OUTPUT / name, resolved)], [])


def on_top(step: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step with the command line on top; `arch` and `preset` replace each other.

    Of a step whose network is spelt out, as in the file of a run, they also replace what went with
    it: fit, recipe and finished fits.
    """
    names = {"arch", "preset"}
    replaced = names if names & given.keys() else set[str]()
    if replaced and isinstance(step.get("arch"), (Mapping, list)):
        replaced |= {"fit", "recipe", "kept"}
    return merge({key: value for key, value in step.items() if key not in replaced}, given)


def changed(document: Document, given: Mapping[str, Any]) -> Document:
    """Return a pipeline file with the command line on top of every step that it speaks of.

    Raises OptionError for what is said to a step that is not there.
    """
    steps = document.pipeline.steps
    words, changes = for_steps(given, [step.id for step in steps])

    def options(step: PipelineStep) -> dict[str, Any]:
        own = changes.get(step.id, {})
        if not step.uses.startswith("task."):
            return merge(step.with_, own)
        return on_top(on_top(step.with_, own), words)

    return document.with_steps([step.model_copy(update={"with_": options(step)}) for step in steps])


def for_steps(
    given: Mapping[str, Any], ids: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Mapping[str, Any]]]:
    """Return what a command line says to every step, and to single ones: their `with`, by id.

    Raises OptionError for a step that is not there, or where it is not its `with` that changes.
    """
    words = {key: value for key, value in given.items() if key != "steps"}
    changes: dict[str, Mapping[str, Any]] = {}
    for id_, change in _by_id(given.get("steps", {}), ids):
        if id_ not in ids:
            raise OptionError(f"there is no step '{id_}'", did_you_mean(id_, ids))
        is_with = isinstance(change, Mapping) and change.keys() == {"with"}
        if not is_with or not isinstance(change["with"], Mapping):
            raise OptionError(
                f"option 'steps.{id_}'", f"write steps.{id_}.with.KEY=VALUE; nothing else changes"
            )
        changes[id_] = change["with"]
    return words, changes


def _by_id(said: Any, ids: Sequence[str], id_: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what is said to steps by their ids, which may have dots within."""
    longer = any(each.startswith(f"{id_}.") for each in ids)
    if isinstance(said, Mapping) and (not id_ or (longer and "with" not in said)):
        for key, inner in said.items():
            yield from _by_id(inner, ids, f"{id_}.{key}" if id_ else str(key))
    else:
        yield id_, said


def is_batch(source: Path, task: str, given: Mapping[str, Any], plugins: Plugins) -> bool:
    """Return whether a path is a folder of pictures that are runs of their own."""
    if not source.is_dir():
        return False
    model = plugins.find("task", task).options()
    if model is None or not issubclass(model, TaskOptions):
        return True
    clean = given.get("corrupt") is not None
    asked = given.get("task") or {}
    if not isinstance(asked, Mapping):
        return False
    if model.stacks(asked) or (not clean and model.from_folder(source, asked) is not None):
        return False
    return not (model.takes_arrays and frame_files(source))


def batch(
    source: Path,
    task: str,
    given: Mapping[str, Any],
    folder: Path,
    plugins: Plugins,
    base: Path = Path(),
) -> Plan:
    """Return a job for every picture of a folder; other paths are relative to `base`.

    Raises PictureError where there is none.
    """
    # An empty path would be the folder itself.
    parse(RestoreRequest, given, "")
    pictures = pictures_in(source)
    if not pictures:
        raise PictureError(f"the folder '{source}' holds no picture")
    stems, names = Counter(p.stem for p in pictures), {p.name for p in pictures}
    beside = {
        role: Companions(place, role)
        for role in ("mask", "truth")
        if role in given and (place := base / str(given[role])).is_dir()
    }
    jobs: list[Job] = []
    failures: list[Failure] = []
    # A study is opened once, and not for every picture.
    arch = given.get("arch")
    found = architectures(arch, plugins, base)[1] if isinstance(arch, str) else None
    for picture in pictures:
        content = {**given, "picture": str(picture.absolute())}
        try:
            for role, others in beside.items():
                content[role] = str(others.of(picture).absolute())
        except PictureError as error:
            failures.append(Failure(picture.name, error))
            continue
        resolved = resolve(task, parse(RestoreRequest, content, ""), plugins, base, found)
        # Pictures of one stem, as a.png and a.jpg, keep their suffixes apart; so does a.png.tif.
        alone = stems[picture.stem] == 1 and picture.stem not in names
        own = picture.stem if alone else picture.name
        jobs.append(Job(picture.name, run_name(resolved), folder / own, resolved))
    order = {
        "source": str(source.absolute()),
        "task": task,
        "given": given,
        "base": str(base.absolute()),
        "output": str(folder.absolute()),
    }
    return Plan("batch", jobs, failures, order)


class Companions:
    """The files of a folder, to find those that go with the pictures of another."""

    def __init__(self, folder: Path, role: str) -> None:
        """Raises PictureError where the folder cannot be read."""
        self._folder, self._role = folder, role
        self._by_stem: dict[str, list[Path]] = {}
        for path in pictures_in(folder):
            self._by_stem.setdefault(path.stem, []).append(path)

    def of(self, picture: Path) -> Path:
        """Return the file of the same name, else of the same stem.

        Raises PictureError where there is none, or more than one.
        """
        found = self._by_stem.get(picture.stem, [])
        found = [path for path in found if path.name == picture.name] or found
        if len(found) != 1:
            many = "no" if not found else "more than one"
            what = f"there is {many} {self._role} for '{picture.name}' in '{self._folder}'"
            raise PictureError(what)
        return found[0]
