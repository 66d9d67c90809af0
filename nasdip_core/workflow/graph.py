"""The steps of a pipeline file as a graph: who needs whom, and in which order they can run."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from nasdip_core.errors import NasdipError, OptionError, PluginError, did_you_mean
from nasdip_core.pipeline.document import Document, PipelineStep
from nasdip_core.pipeline.jobs import is_batch
from nasdip_core.plugins import Plugins
from nasdip_core.step import StepOptions
from nasdip_core.task import TaskOptions
from nasdip_core.workflow.references import references

COMMON = {"folder": "the step's folder", "page": "its page", "result": "its result as JSON"}
"""Outputs of every task; of a folder of pictures, the folder alone."""


@dataclass(frozen=True, slots=True)
class Node:
    """One step, and the steps that must be done before."""

    index: int
    """Place in the file."""
    step: PipelineStep
    kind: str
    """`task` or `step`."""
    plugin: str
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Graph:
    """The steps of a file in an order in which they can run."""

    document: Document
    nodes: Sequence[Node]

    def dependents(self, id_: str) -> set[str]:
        """Return the ids of a step and of all that need it, directly or not."""
        found = {id_}
        for node in self.nodes:
            if node.needs & found:
                found.add(node.step.id)
        return found


def graph_of(document: Document, plugins: Plugins) -> Graph:
    """Return the graph. Raises the first of what is wrong with it."""
    graph, errors = checked_graph(document, plugins)
    if errors:
        raise errors[0]
    return graph


def checked_graph(document: Document, plugins: Plugins) -> tuple[Graph, list[NasdipError]]:
    """Return the graph, and all that is wrong with ids, names, references and order."""
    errors: list[NasdipError] = []
    nodes: list[Node] = []
    outputs: dict[str, Sequence[str] | None] = {}
    steps = document.pipeline.steps
    for i, step in enumerate(steps):
        if step.id in outputs:
            errors.append(document.error(["steps", i, "id"], f"id '{step.id}' stands here twice"))
            continue
        try:
            kind, plugin, names = _plugin(step, plugins, document.path.parent)
        except PluginError as error:
            errors.append(document.located(["steps", i, "uses"], error))
            kind, plugin, names = "", "", None
        outputs[step.id] = names
        nodes.append(Node(i, step, kind, plugin, frozenset()))
    errors += _written_twice(nodes, document, plugins)
    linked = [_linked(node, document, outputs, errors) for node in nodes]
    return Graph(document, _ordered(linked, document, errors)), errors


def _plugin(step: PipelineStep, plugins: Plugins, base: Path) -> tuple[str, str, Sequence[str]]:
    """Return kind and name of a step's plugin and the names of its outputs."""
    kind, _, name = step.uses.partition(".")
    if kind not in ("task", "step") or not name:
        raise PluginError(f"'{step.uses}' is no step", "write task.NAME or step.NAME")
    model = plugins.find(kind, name).options()
    if kind == "task" and model is not None and issubclass(model, TaskOptions):
        of_many = _takes_many(name, step.with_, plugins, base)
        lossless = [f"{output}-lossless" for output in model.outputs]
        return kind, name, [*model.outputs, *(["folder"] if of_many else (*lossless, *COMMON))]
    if kind == "step" and model is not None and issubclass(model, StepOptions):
        return kind, name, list(model.outputs)
    wanted = "TaskOptions" if kind == "task" else "StepOptions"
    raise PluginError(f"{kind} '{name}' has no options model based on {wanted}")


def _written_twice(
    nodes: Sequence[Node], document: Document, plugins: Plugins
) -> Iterator[NasdipError]:
    """Yield errors of files that two steps write: the one done last would decide what is left."""
    writers: dict[Path, str] = {}
    for node in nodes:
        model = plugins.find(node.kind, node.plugin).options() if node.kind == "step" else None
        written = model.written if model is not None and issubclass(model, StepOptions) else ()
        for name in sorted(written):
            value = node.step.with_.get(name)
            if not isinstance(value, str) or any(references(value)):
                continue
            path = (document.path.parent / value).resolve()
            if path in writers:
                said = f"step '{writers[path]}' writes '{value}', too"
                yield document.error(["steps", node.index, "with", name], said)
            writers.setdefault(path, node.step.id)


def _takes_many(task: str, content: Mapping[str, Any], plugins: Plugins, base: Path) -> bool:
    """Return whether a step names a folder of pictures, each with its own page and result."""
    picture = content.get("picture")
    try:
        return isinstance(picture, str) and is_batch(base / picture, task, content, plugins)
    except OptionError:
        return False  # told with all that is wrong with the options


def _linked(
    node: Node,
    document: Document,
    outputs: Mapping[str, Sequence[str] | None],
    errors: list[NasdipError],
) -> Node:
    """Return the node with what it needs; note what it names that is not there."""
    place: list[str | int] = ["steps", node.index]
    needs = set()
    for i, id_ in enumerate(node.step.needs):
        if id_ in outputs:
            needs.add(id_)
        else:
            hint = did_you_mean(id_, outputs)
            errors.append(document.error([*place, "needs", i], f"there is no step '{id_}'; {hint}"))
    for reference in references(node.step.with_):
        where = [*place, "with", *reference.keys]
        if reference.step not in outputs:
            known = f"there is no step '{reference.step}'; {did_you_mean(reference.step, outputs)}"
            if not reference.step:
                known = "write it as ${STEP.OUTPUT}"
            errors.append(document.error(where, f"'${{{reference.text}}}': {known}"))
            continue
        needs.add(reference.step)
        names = outputs[reference.step]
        if names is not None and reference.output not in names:
            errors.append(
                document.error(
                    where,
                    f"step '{reference.step}' has no output '{reference.output}'; "
                    f"{did_you_mean(reference.output, names)}",
                )
            )
    return Node(node.index, node.step, node.kind, node.plugin, frozenset(needs))


def _ordered(
    nodes: Sequence[Node], document: Document, errors: list[NasdipError]
) -> Sequence[Node]:
    """Return the nodes so that each comes after what it needs, else as in the file.

    Those that need each other, and what needs them, are left out.
    """
    by_id = {node.step.id: node for node in nodes}
    by_index = {node.index: node for node in nodes}
    sorter = TopologicalSorter({id_: sorted(node.needs) for id_, node in by_id.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        circle: list[str] = error.args[1][:0:-1]
        first = min(circle, key=lambda id_: by_id[id_].index)
        begin = circle.index(first)
        names = " -> ".join([*circle[begin:], *circle[: begin + 1]])
        place = by_id[first].index
        errors.append(document.error(["steps", place], f"steps need each other: {names}"))
    # Of those that can run, the first in the file.
    ready: list[int] = []
    ordered: list[Node] = []
    while sorter.is_active():
        for id_ in sorter.get_ready():
            heapq.heappush(ready, by_id[id_].index)
        node = by_index[heapq.heappop(ready)]
        ordered.append(node)
        sorter.done(node.step.id)
    return ordered


def select(graph: Graph, id_: str) -> Node:
    """Return the node of an id. Raises OptionError where there is none."""
    for node in graph.nodes:
        if node.step.id == id_:
            return node
    known = [node.step.id for node in graph.nodes]
    raise OptionError(f"there is no step '{id_}'", did_you_mean(id_, known))
