"""All that is wrong with a pipeline file, at once, each with file, line and column."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasdip_core.errors import NasdipError, OptionError, PictureError
from nasdip_core.imaging.samples import PREFIX as SAMPLE
from nasdip_core.options import Options, merge, parse
from nasdip_core.pipeline.document import Document, checked_pipeline
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins
from nasdip_core.step import StepOptions
from nasdip_core.workflow.graph import Graph, Node, checked_graph
from nasdip_core.workflow.references import references, without_references
from nasdip_core.workflow.run import Workflow

_TASK_FILES = ("picture", "mask", "truth")
_OF_NETWORK = ("seconds", "arch", "preset", "architecture", "fit", "recipe")
_MOST = 20
"""Errors of one step that are looked for."""


def check(path: Path, plugins: Plugins) -> tuple[Graph | None, list[NasdipError]]:
    """Return the graph of a file, and all that is wrong with it; no picture is opened.

    Raises OptionError where the file cannot be read or is no YAML.
    """
    document, mistakes = checked_pipeline(path)
    if document is None:
        return None, list(mistakes)
    graph, errors = checked_graph(document, plugins)
    for node in sorted(graph.nodes, key=lambda each: each.index):
        if node.plugin:
            errors += _step_errors(document, node, plugins)
    return graph, errors


def refuse_mistakes(workflow: Workflow, nodes: Sequence[Node]) -> None:
    """Raise the first mistake in what steps are given, the command line on top, before any runs."""
    document = workflow.graph.document
    for node in nodes:
        try:
            content = node.step.with_
            resolved_options(node, content, workflow.plugins, workflow.base)
            if missing := _missing(node, content, workflow.plugins, workflow.base):
                raise missing[0]
        except NasdipError as error:
            raise document.located(["steps", node.index, "with"], error) from None


def resolved_options(node: Node, content: Mapping[str, Any], plugins: Plugins, base: Path) -> Any:
    """Return a step's `with`, every default that is known yet spelt out.

    Raises NasdipError for what is wrong.
    """
    if node.kind == "task":
        known = parse(RestoreRequest, _with_stand_ins(content), "")
        document = resolve(node.plugin, known, plugins, base).document("")
        spelt: dict[str, Any] = document["steps"][0]["with"]
        if known.seconds is not None or any(references(content.get("arch"))):
            # The time, or what another step finds, decides upon the network and all around it.
            given = {key: content[key] for key in _OF_NETWORK if key in content}
            spelt = {key: each for key, each in spelt.items() if key not in _OF_NETWORK} | given
        return merge(spelt, _references_only(content))
    registration = plugins.find("step", node.plugin)
    options = parse(registration.options() or Options, content, "")
    if isinstance(options, StepOptions):
        options.check(plugins, base)
    return options.model_dump(mode="json", by_alias=True)


def _step_errors(document: Document, node: Node, plugins: Plugins) -> list[NasdipError]:
    """Return what is wrong with a step's options: each one is left out to find the next."""
    found: list[NasdipError] = []
    content = dict(node.step.with_)
    keys: list[str | int] = ["steps", node.index, "with"]
    for _ in range(_MOST):
        try:
            resolved_options(node, content, plugins, document.path.parent)
        except NasdipError as error:
            located = document.located(keys, error)
            if str(located) in [str(each) for each in found]:
                break
            found.append(located)
            shorter = _without(content, error)
            if shorter is None:
                break
            content = shorter
        else:
            break
    missing = _missing(node, node.step.with_, plugins, document.path.parent)
    return [*found, *(document.located(keys, error) for error in missing)]


def _without(content: Mapping[str, Any], error: NasdipError) -> dict[str, Any] | None:
    """Return the options without what an error names; None where that is nothing that may go."""
    start = error.what.find("option '")
    if start < 0:
        _, quote, rest = error.what.partition("'")
        shorter = _without_member(content, rest.partition("'")[0]) if quote else content
        return None if shorter == content else dict(shorter)
    path = error.what[start:].split("'")[1].split(".")
    return _dropped(content, path)


def _dropped(content: Mapping[str, Any], path: list[str]) -> dict[str, Any] | None:
    if not path or path[0] not in content:
        return None
    rest = content[path[0]]
    if len(path) > 1 and isinstance(rest, Mapping):
        inner = _dropped(rest, path[1:])
        if inner is not None:
            return {**content, path[0]: inner}
    return {key: value for key, value in content.items() if key != path[0]}


def _without_member(content: Any, name: str) -> Any:
    """Return a tree whose lists do not hold a name: an option may need its only value."""
    if isinstance(content, Mapping):
        return {key: _without_member(value, name) for key, value in content.items()}
    if isinstance(content, list):
        return [_without_member(value, name) for value in content if value != name]
    return content


def _missing(
    node: Node, content: Mapping[str, Any], plugins: Plugins, base: Path
) -> list[NasdipError]:
    """Return errors of files that are not there, where no earlier step could make them."""
    if node.needs:
        return []
    model = plugins.find(node.kind, node.plugin).options()
    read = model.read if model is not None and issubclass(model, StepOptions) else _TASK_FILES
    named = {name: without_references(content).get(name) for name in sorted(read)}
    kind: type[NasdipError] = PictureError if node.kind == "task" else OptionError
    return [
        kind(f"option '{name}' = {path!r}: there is no such file")
        for name, path in named.items()
        if isinstance(path, str) and not path.startswith(SAMPLE) and not (base / path).exists()
    ]


def _with_stand_ins(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return options for a check: what other steps put out is not there yet."""
    kept: dict[str, Any] = without_references(content)
    for role in _TASK_FILES:
        if role in content and role not in kept:
            kept[role] = f"{SAMPLE}camera"
    return kept


def _references_only(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if any(references(value))}
