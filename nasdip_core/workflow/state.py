"""What is known of a step: from which inputs it began, whether it is done, what it has put out."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nasdip_core.digests import contents, texts
from nasdip_core.files import whole_file

FILE = "step.json"
_FORMAT = "nasdip.step/2"
_NAMES = frozenset(
    {
        "baseline",
        "features",
        "launcher",
        "metric",
        "preset",
        "pruner",
        "reward",
        "space",
        "stopping",
        "strategy",
        "task",
        "uses",
    }
)
"""Options that name a plugin, never a file, whatever there is of that name."""


@dataclass(frozen=True, slots=True)
class Key:
    """Hashes of what a step is made from."""

    begun: str
    """Of what an attempt must have in common with one that it goes on from."""
    whole: str
    """Of all that its outputs follow from."""


@dataclass(frozen=True, slots=True)
class Done:
    """A finished step."""

    key: Key
    outputs: Mapping[str, str]


def note(folder: Path, key: Key, outputs: Mapping[str, str] | None = None) -> None:
    """Note in its folder that a step has begun; with its outputs, that it is done.

    Raises RunError where that cannot be written.
    """
    content = {"schema": _FORMAT, "begun": key.begun, "key": key.whole, "outputs": outputs}
    with whole_file(folder / FILE) as draft:
        draft.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def forget(folder: Path, *, begin_anew: bool) -> None:
    """Note of a step that has begun, if it has, that it is not done.

    `begin_anew`: nor can it go on. Raises RunError where that cannot be written.
    """
    key = begun_step(folder)
    if key is not None:
        note(folder, Key("", "") if begin_anew else Key(key.begun, ""))


def begun_step(folder: Path) -> Key | None:
    """Return from what the step of a folder began, done or not; None where that is not known."""
    noted = _noted(folder)
    return None if noted is None else noted[0]


def done_step(folder: Path) -> Done | None:
    """Return what is known of the step of a folder; None where it is not done, or its files gone.

    Outputs that are absolute paths must still be there.
    """
    noted = _noted(folder)
    if noted is None or noted[1] is None:
        return None
    found = Done(noted[0], noted[1])
    paths = [named(value) for value in found.outputs.values() if Path(value).is_absolute()]
    return found if all(path.exists() for path in paths) else None


def key_of(
    uses: str,
    with_: Mapping[str, Any],
    base: Path,
    upstream: Mapping[str, Key],
    versions: Mapping[str, str],
    *,
    output: Path,
    hashes: dict[Path, str],
    written: frozenset[str] = frozenset(),
    amount: frozenset[str] = frozenset(),
    checks_files: bool = False,
) -> Key:
    """Return the hashes of a step: plugins, options, contents of files, inputs.

    `with_` has its references still in it; `upstream` are the keys of the steps they lead to.
    `hashes` are those of files that earlier steps name, and get those of this one's.
    `output`, the folder of all steps, is no input, nor are the files of the options `written`.
    Options in `amount` say how much is done: what has begun goes on whatever they are; so it does
    where files have changed, if the step checks them itself.
    """
    inputs = {
        "files": dict(
            _files({k: v for k, v in with_.items() if k not in written}, base, output, hashes)
        ),
        "upstream": {id_: key.whole for id_, key in upstream.items()},
    }
    begun = {
        "uses": uses,
        "with": {name: value for name, value in with_.items() if name not in amount},
        "versions": dict(versions),
        **({} if checks_files else inputs),
    }
    return Key(_hash(begun), _hash({**begun, "with": with_, **inputs}))


def named(value: str, base: Path = Path()) -> Path:
    """Return the path that an option or an output names: of `STUDY#best` the study."""
    path = base / value
    return path if "#" not in value or path.exists() else base / value.rpartition("#")[0]


def _files(
    options: Mapping[str, Any], base: Path, output: Path, hashes: dict[Path, str]
) -> Iterator[tuple[str, str]]:
    """Yield the files and folders that options name, with hashes of their contents."""
    for name in texts(options, without=_NAMES):
        if name in ("", ".", "..", "/") or "\n" in name or len(name) >= 4096:
            continue
        try:
            path = named(name, base)
            if path.exists():
                if path not in hashes:
                    hashes[path] = contents(path, output.absolute())
                yield name, hashes[path]
        except (OSError, ValueError):
            continue  # what cannot be read is met, and told, when the step runs


def _noted(folder: Path) -> tuple[Key, Mapping[str, str] | None] | None:
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        key, outputs = Key(content["begun"], content["key"]), content["outputs"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return key, outputs if isinstance(outputs, dict) else None


def _hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
