"""The output folder of a run: what it holds, and when it may be written."""

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nasdip_core.digests import contents
from nasdip_core.errors import OptionError, RunError
from nasdip_core.files import remove_drafts, whole_file
from nasdip_core.imaging.folder import frame_files
from nasdip_core.imaging.kinds import LOSSLESS, SUFFIXES
from nasdip_core.pipeline.document import to_yaml

WEIGHTS = "weights"
"""Name of the output that is no picture: what was learnt."""
_INPUTS = ".nasdip-inputs.json"
"""Tells the inputs of a run apart from others of the same names: their hashes."""
_PLANNED = "--seconds"
"""Stands among the inputs for what a plan was made from."""
_FILES = ("result.json", "report.html", "events.jsonl", "pipeline.yaml", "samples.png", _INPUTS)
_LIST = ".nasdip-files.json"
"""Names what runs have written into the folder: all that may be replaced or removed."""


class RunFolder:
    """One folder a run; files appear whole, under a temporary name first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.result = path / "result.json"
        self.page = path / "report.html"
        self.events = path / "events.jsonl"
        self.pipeline = path / "pipeline.yaml"
        self.samples = path / "samples.png"
        self.weights = path / f"{WEIGHTS}.safetensors"
        self._inputs = path / _INPUTS
        self._list = path / _LIST
        self._own: set[str] = set()
        self.opened = False
        """Whether what is there is of this run."""

    def checkpoint(self, fit: str) -> Path:
        """Return the checkpoint file of a fit. Raises RunError where the user has one."""
        path = self.path / f"checkpoint-{fit}.safetensors"
        self.claim([path])
        return path

    def earlier(
        self, document: dict[str, Any], given: Mapping[str, str], planned: str | None = None
    ) -> dict[str, Any] | None:
        """Return the result of a finished run that is resumed, None for an unfinished one.

        `given` are hashes of the pictures in memory, by role, `planned` that of what a plan for
        seconds was made from. A run of which a picture is gone counts as unfinished. Raises
        OptionError where the folder holds a run with other settings, or of other inputs, RunError
        where it cannot be read.
        """
        if not self.pipeline.exists() and not self.result.exists():
            return None
        noted = self._read(self._inputs) if self._inputs.exists() else {}
        same = self.pipeline.exists() and self.pipeline.read_text("utf-8") == to_yaml(document)
        if not same or (planned and noted.get(_PLANNED, planned) != planned):
            raise OptionError(
                f"'{self.path}' holds a run with other settings",
                f"see {self.pipeline}, or use --force",
            )
        for name, hash_ in self._seen(document, given).items():
            if noted.get(name, hash_) != hash_:
                raise OptionError(
                    f"'{self.path}' holds a run of another '{name}'", "use --force or -o DIR"
                )
        if not self.result.exists():
            return None
        result = self._read(self.result)
        # The folder may have been moved, or been named from elsewhere.
        places = {key: self.path / Path(path).name for key, path in result["outputs"].items()}
        if not all(place.exists() for place in places.values()):
            return None
        return {**result, "outputs": {key: str(place) for key, place in places.items()}}

    def check_free(self, *, resume: bool, force: bool) -> None:
        """Raise RunError where an earlier run would be overwritten."""
        if (self.pipeline.exists() or self.result.exists()) and not (resume or force):
            state = "a result" if self.result.exists() else "an unfinished run"
            raise RunError(
                f"'{self.path}' holds {state} already", "use --resume, --force or -o DIR"
            )

    def open(
        self,
        document: dict[str, Any],
        *,
        names: Iterable[str],
        given: Mapping[str, str],
        planned: str | None,
        stacked: bool,
        resume: bool,
        force: bool,
    ) -> None:
        """Make the folder ready for a run that will write pictures of these names.

        Pictures in `given`, hashes by role, are in memory; other paths of the document are inputs,
        which stay. `planned` is the hash of what a plan for seconds was made from.
        Raises RunError where an earlier run or another file would be overwritten, or the folder
        cannot be written.
        """
        inputs = [path.resolve() for path in _inputs(document, given)]
        if self.path.resolve() in inputs:
            # What is written would be read as further frames.
            raise RunError(f"'{self.path}' is what the run reads", "use another -o DIR")
        try:
            seen = self._seen(document, given)
            self._own = self._listed()
            self.check_free(resume=resume, force=force)
            fixed = [self.path / name for name in _FILES]
            pictures = list(self._of_names(_in_memory(given).union(names), stacked))
            for path in (*fixed, *pictures):
                if self._is_foreign(path) or (path in pictures and _is_input(path, inputs)):
                    raise _in_the_way(path)
            if force:
                self._clear(inputs)
            self.path.mkdir(parents=True, exist_ok=True)
            self.claim(fixed)
            seen |= {} if planned is None else {_PLANNED: planned}
            self.write(self._inputs, json.dumps(seen, indent=2) + "\n")
            self.write(self.pipeline, to_yaml(document))
            self.opened = True
        except OSError as error:
            raise RunError(f"cannot write to '{self.path}': {error.strerror or error}") from None

    def discard(self) -> None:
        """Remove all that runs have written. Raises RunError where it cannot."""
        try:
            self._own = self._listed()
            self._clear([])
        except OSError as error:
            raise RunError(f"cannot write to '{self.path}': {error.strerror or error}") from None

    def claim(self, paths: Iterable[Path]) -> None:
        """List files as the run's own, before they are written.

        Raises RunError where one is there that no run has written.
        """
        paths = list(paths)
        for path in filter(self._is_foreign, paths):
            raise _in_the_way(path)
        self._keep_list(self._own | {self._name(path) for path in paths})

    def write(self, path: Path, text: str) -> None:
        """Write a text file as a whole. Raises RunError where the folder does not take it."""
        with whole_file(path) as draft:
            draft.write_text(text, encoding="utf-8")

    def finish(self, result: dict[str, Any]) -> None:
        """Write the result last of all: a folder with a result is complete."""
        self.write(self.result, json.dumps(result, indent=2) + "\n")
        for name in self._own:
            if name.startswith("checkpoint-"):
                (self.path / name).unlink(missing_ok=True)
        self._keep_list({name for name in self._own if (self.path / name).exists()})
        remove_drafts(self.path)

    def _seen(self, document: dict[str, Any], given: Mapping[str, str]) -> dict[str, str]:
        """Return hashes of what is read: files and folders by path, what is in memory by role."""
        files = filter(Path.exists, _inputs(document, given))
        own = self.path.absolute()
        return {**{str(path): contents(path, own) for path in files}, **given}

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            found = json.loads(path.read_text("utf-8"))
            if not isinstance(found, dict):
                raise ValueError("it is no JSON object")
        except (OSError, ValueError) as error:
            raise RunError(f"cannot read '{path}': {error}", "use --force or -o DIR") from None
        return found

    def _is_foreign(self, path: Path) -> bool:
        """Return whether a file is there that no run has written."""
        return path.exists() and self._name(path) not in self._own

    def _clear(self, inputs: list[Path]) -> None:
        """Remove what earlier runs have written and this one does not read."""
        left = {name for name in self._own if _is_input(self.path / name, inputs)}
        for name in self._own - left:
            path = self.path / name
            path.unlink(missing_ok=True)
            if path.parent != self.path:
                with contextlib.suppress(OSError):  # other files stay, and so does their folder
                    path.parent.rmdir()
        self._keep_list(left)

    def _of_names(self, names: Iterable[str], stacked: bool) -> Iterator[Path]:
        """Yield the pictures of these names that are there; of a stack, the frames, too."""
        for name in sorted(names):
            ends = [*SUFFIXES, *(f"{LOSSLESS}{suffix}" for suffix in SUFFIXES)]
            if name == WEIGHTS:
                ends = [".safetensors"]
            yield from (path for end in ends if (path := self.path / f"{name}{end}").exists())
            if stacked and (self.path / name).is_dir():
                yield from frame_files(self.path / name)

    def _listed(self) -> set[str]:
        if not self._list.exists():
            return set()
        here = self.path.resolve()
        try:
            names: list[str] = json.loads(self._list.read_text("utf-8"))
        except ValueError as error:
            raise RunError(f"cannot read '{self._list}': {error}", "use another -o DIR") from None
        # A list that came from elsewhere shall not reach beyond the folder.
        return {name for name in names if (here / name).resolve().is_relative_to(here)}

    def _keep_list(self, names: set[str]) -> None:
        if names != self._own:
            self.write(self._list, json.dumps(sorted(names), indent=2) + "\n")
            self._own = names

    def _name(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()


def _in_memory(given: Iterable[str]) -> set[str]:
    """Return the stems of the files that pictures in memory are written to, by their roles."""
    return {f"given-{role}" for role in given}


def _inputs(document: Any, given: Iterable[str]) -> Iterator[Path]:
    """Yield the files and folders that a document names, but those of pictures in memory."""
    memory = _in_memory(given)
    return (p for p in _paths(document) if p.stem.removesuffix(LOSSLESS) not in memory)


def _paths(document: Any) -> Iterator[Path]:
    """Yield the absolute paths that a document names."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from _paths(part)
    elif isinstance(document, str) and Path(document).is_absolute():
        yield Path(document)


def _is_input(path: Path, inputs: Iterable[Path]) -> bool:
    """Return whether a path is one of resolved inputs, or a file of one that is a folder."""
    path = path.resolve()
    return any(other in (path, path.parent) for other in inputs)


def _in_the_way(path: Path) -> RunError:
    return RunError(
        f"'{path}' is in the way of this run, which does not own it",
        "move the file, or name another folder with -o DIR",
    )
