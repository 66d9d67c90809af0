"""Pipeline files: YAML with positions, so that a mistake is pointed at by line and column."""

import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from nasdip_core.errors import NasdipError, OptionError
from nasdip_core.options import Options, explain_one
from nasdip_core.yaml_text import Loader, dump

_LARGEST = 1_000_000
"""Values that a file may stand for."""


class PipelineStep(Options):
    """One step: a plugin by `kind.name` and what it is given."""

    id: str = Field(description="name of the step", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    uses: str = Field(description="`kind.name` of a plugin, such as task.inpaint")
    with_: dict[str, Any] = Field(
        default_factory=dict,
        alias="with",
        description="what the step is given; ${STEP.OUTPUT} stands for an output of another step",
    )
    needs: list[str] = Field(
        default_factory=list, description="steps to be done before, beside those that `with` names"
    )


class Pipeline(Options):
    """The content of a pipeline file."""

    nasdip: Literal[1] = Field(description="version of the file format")
    name: str | None = Field(default=None, description="name of the run; default: the file's stem")
    steps: list[PipelineStep] = Field(
        min_length=1, description="run in order, each after those that it needs"
    )

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, name: str | None) -> str | None:
        if name is not None and (name in (".", "..") or {"/", "\\"} & set(name)):
            raise ValueError("a name is no path: it names the folder in nasdip-out")
        return name


class Document:
    """A pipeline file: its content, and where in the file each key stands."""

    def __init__(self, path: Path, pipeline: Pipeline, root: yaml.Node) -> None:
        self.path = path
        self.pipeline = pipeline
        self._root = root

    def with_steps(self, steps: Sequence[PipelineStep]) -> "Document":
        """Return the document with these in place of its steps; places are those in the file."""
        pipeline = self.pipeline.model_copy(update={"steps": list(steps)})
        return Document(self.path, pipeline, self._root)

    def error(self, keys: Sequence[str | int], message: str) -> OptionError:
        """Return an error that points at a key of the file."""
        return OptionError(f"{_position(self.path, self._root, keys)}: {message}")

    def located(self, keys: Sequence[str | int], error: NasdipError) -> NasdipError:
        """Return an error with its place in the file: of the option or the value that it names."""
        option = re.search(r"option '([^']+)'", error.what)
        inner: Sequence[str | int] = option.group(1).split(".") if option is not None else []
        value = re.search(r"'([^']+)'", error.what)
        if option is None and value is not None:
            inner = _place_of(value.group(1), _node(self._root, keys)[0]) or []
        where = _position(self.path, self._root, [*keys, *inner])
        return type(error)(f"{where}: {error.what}", error.hint)


def read_pipeline(path: Path) -> Document:
    """Read and validate a pipeline file.

    Raises OptionError as `file:line:column: message`.
    """
    document, mistakes = checked_pipeline(path)
    if document is None:
        raise mistakes[0]
    return document


def checked_pipeline(path: Path) -> tuple[Document | None, list[OptionError]]:
    """Read a pipeline file and return all that is wrong with its form; no document if anything."""
    root, content = _content(path)
    try:
        pipeline = Pipeline.model_validate(content)
    except ValidationError as error:
        return None, _mistakes(path, root, error)
    return Document(path, pipeline, root), []


def _mistakes(path: Path, root: yaml.Node, error: ValidationError) -> list[OptionError]:
    found = error.errors(include_url=False)
    newer = next((e for e in found if e["loc"] == ("nasdip",)), None)
    if newer is not None and isinstance(newer["input"], int) and newer["input"] > 1:
        where = _position(path, root, ["nasdip"])
        return [
            OptionError(
                f"{where}: the file is of format {newer['input']}, this nasdip reads format 1",
                "install a newer nasdip",
            )
        ]
    return [
        OptionError(
            f"{_position(path, root, each['loc'])}: {explain_one(each, Pipeline, '')}",
            "begin the file with `nasdip: 1`" if each["loc"] == ("nasdip",) else None,
        )
        for each in found
    ]


def _advice(error: yaml.MarkedYAMLError) -> str | None:
    """Return what is to be done about the commonest mistakes in YAML."""
    problem = error.problem or ""
    if "\\t" in problem:
        return "indent with blanks, not with tabs"
    if "expected <block end>" in problem or "mapping values are not allowed" in problem:
        return "look at the indentation, here and above"
    if "expected ',' or" in problem:
        return "a bracket or brace is not closed"
    return None


def _content(path: Path) -> tuple[yaml.Node, Any]:
    """Return the nodes and the plain content of a file. Raises OptionError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise OptionError(f"cannot read pipeline '{path}': {reason}") from None
    try:
        loader = Loader(io.StringIO(text))
        root = loader.get_single_node()
        if root is not None and _size(root, {}) > _LARGEST:
            raise OptionError(f"{path}: aliases make this file larger than {_LARGEST:,} values")
        content = None if root is None else loader.construct_document(root)
    except RecursionError:
        raise OptionError(f"{path}: the values are nested too deeply") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark is not None else str(path)
        raise OptionError(f"{where}: {error.problem or 'no valid YAML'}", _advice(error)) from None
    except (yaml.YAMLError, ValueError) as error:  # The latter of a date that is none.
        raise OptionError(f"{path}: {' '.join(str(error).split())}") from None
    if root is None or not isinstance(content, dict):
        raise OptionError(f"{path}: this is no pipeline", "it must be a YAML mapping with `steps`")
    return root, content


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Return how many values a node stands for, aliases followed; a circle counts as too many."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = _LARGEST + 1
    size = 1
    if isinstance(node, yaml.MappingNode):
        size += sum(_size(key, known) + _size(value, known) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        size += sum(_size(value, known) for value in node.value)
    known[id(node)] = size
    return size


def to_yaml(content: dict[str, Any]) -> str:
    """Return a document as YAML in the order given."""
    return dump(content, allow_unicode=True, width=100)


def _node(root: yaml.Node, keys: Sequence[str | int]) -> tuple[yaml.Node, yaml.Mark]:
    """Return the node of the deepest part of `keys` that the file has, and where it begins.

    A value begins with its key.
    """
    node, mark = root, root.start_mark
    for key in keys:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(key)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            found = (node.value[key], node.value[key])
        if found is None:
            break
        mark, node = found[0].start_mark, found[1]
    return node, mark


def _place_of(value: str, node: yaml.Node, depth: int = 50) -> list[str | int] | None:
    """Return the keys that lead to a scalar; None where there is no such value."""
    if isinstance(node, yaml.ScalarNode):
        return [] if node.value == value else None
    inner: Iterable[tuple[str | int, yaml.Node]] = ()
    if isinstance(node, yaml.MappingNode):
        inner = ((key.value, each) for key, each in node.value)
    elif isinstance(node, yaml.SequenceNode):
        inner = enumerate(node.value)
    for key, each in inner if depth else ():
        found = _place_of(value, each, depth - 1)
        if found is not None:
            return [key, *found]
    return None


def _position(path: Path, root: yaml.Node, keys: Sequence[str | int]) -> str:
    """Return `file:line:column` of the deepest part of `keys` that the file has."""
    _, mark = _node(root, keys)
    return f"{path}:{mark.line + 1}:{mark.column + 1}"
