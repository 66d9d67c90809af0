"""`${step.output}`: the only interpolation that pipeline files have (torch-free)."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_REFERENCE = re.compile(r"\$\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference and the place of the value that holds it."""

    keys: tuple[str | int, ...]
    text: str
    """What stands between the braces."""

    @property
    def step(self) -> str:
        """The id of the step that it refers to."""
        return self.text.rpartition(".")[0]

    @property
    def output(self) -> str:
        """The name of the output."""
        return self.text.rpartition(".")[2]


def references(value: Any, keys: tuple[str | int, ...] = ()) -> Iterator[Reference]:
    """Yield every reference within a tree of plain values."""
    if isinstance(value, str):
        for match in _REFERENCE.finditer(value):
            yield Reference(keys, match.group(1))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from references(inner, (*keys, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from references(inner, (*keys, i))


def interpolated(value: Any, look_up: Callable[[str], str]) -> Any:
    """Return a tree with its references replaced by what `look_up` says of their text."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: look_up(match.group(1)), value)
    if isinstance(value, dict):
        return {key: interpolated(inner, look_up) for key, inner in value.items()}
    if isinstance(value, list):
        return [interpolated(inner, look_up) for inner in value]
    return value


def without_references(value: Any) -> Any:
    """Return a tree without the parts that refer to other steps."""
    if isinstance(value, Mapping):
        return {k: without_references(each) for k, each in value.items() if not _refers(each)}
    if isinstance(value, list):
        return [without_references(each) for each in value if not _refers(each)]
    return value


def _refers(value: Any) -> bool:
    return isinstance(value, str) and any(references(value))
