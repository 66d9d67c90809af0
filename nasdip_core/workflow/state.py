"""What is known of a step that was done: from which inputs it came, and what it has put out."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nasdip_core.files import whole_file

FILE = "step.json"
_FORMAT = "nasdip.step/1"


@dataclass(frozen=True, slots=True)
class Done:
    """A finished step."""

    key: str
    """Hash of all that its outputs follow from."""
    outputs: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """Note a finished step in its folder. Raises RunError where that cannot be written."""
        content = {"schema": _FORMAT, "key": self.key, "outputs": dict(self.outputs)}
        with whole_file(folder / FILE) as draft:
            draft.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def done_step(folder: Path) -> Done | None:
    """Return what is known of the step of a folder; None where it is not done, or its files gone.

    Outputs that begin with the path of the folder must still be there.
    """
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        found = Done(content["key"], content["outputs"])
    except (OSError, ValueError, KeyError):
        return None
    paths = [Path(value) for value in found.outputs.values() if "#" not in value]
    return found if all(path.exists() for path in paths if path.is_absolute()) else None


def key_of(
    uses: str,
    with_: Mapping[str, Any],
    base: Path,
    upstream: Mapping[str, str],
    distribution: str,
    written: frozenset[str] = frozenset(),
) -> str:
    """Return the hash of a step: plugin and its version, options, contents of files, inputs.

    `with_` has its references still in it; `upstream` are the keys of the steps they lead to,
    `written` the options whose files are no inputs.
    """
    content = {
        "uses": uses,
        "with": with_,
        "files": dict(_files({k: v for k, v in with_.items() if k not in written}, base)),
        "upstream": dict(upstream),
        "versions": {name: _version(name) for name in ("nasdip", distribution)},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _files(value: Any, base: Path) -> Iterator[tuple[str, str]]:
    """Yield the files that options name, with hashes of their contents."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _files(inner, base)
    elif isinstance(value, list):
        for inner in value:
            yield from _files(inner, base)
    elif isinstance(value, str) and value and "\n" not in value and len(value) < 4096:
        yield from _contents(value, base)


def _contents(name: str, base: Path) -> Iterator[tuple[str, str]]:
    try:
        path = base / name.partition("#")[0]
        if path.is_file():
            yield name, hashlib.sha256(path.read_bytes()).hexdigest()
        elif path.is_dir() and name not in (".", "/"):
            for inner in sorted(path.iterdir()):
                if inner.is_file():
                    yield f"{name}/{inner.name}", hashlib.sha256(inner.read_bytes()).hexdigest()
    except (OSError, ValueError):
        return  # what cannot be read is met, and told, when the step runs


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
