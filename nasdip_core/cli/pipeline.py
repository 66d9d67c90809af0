"""`nasdip run FILE.yaml` where the file has several steps, or one that is no task."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasdip_core.cli.output import json_result, result, say
from nasdip_core.cli.progress import progress
from nasdip_core.errors import OptionError, RunInterruptedError

if TYPE_CHECKING:
    from nasdip_core.plugins import Plugins
    from nasdip_core.workflow.run import Workflow
    from nasdip_core.workflow.state import Done


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says of a pipeline file."""

    source: str
    task: str | None
    output: Path | None
    only: str | None
    since: str | None
    workers: int
    dry_run: bool
    as_json: bool
    trackers: Sequence[str]


def is_workflow(path: Path) -> bool:
    """Return whether a file has more to it than one restoration. Raises OptionError."""
    from nasdip_core.pipeline.document import read_pipeline

    steps = read_pipeline(path).pipeline.steps
    return len(steps) > 1 or not steps[0].uses.startswith("task.")


def run_pipeline(asked: Asked, given: Mapping[str, Any], plugins: "Plugins") -> None:
    """Run the steps of a file that are left, or say what there is to do."""
    from nasdip_core.workflow.check import refuse_mistakes
    from nasdip_core.workflow.run import run_workflow, wanted
    from nasdip_core.workflow.side_by_side import run_side_by_side
    from nasdip_core.workflow.state import forget

    if asked.only is not None and asked.since is not None:
        raise OptionError("--only and --from exclude each other")
    if asked.task is not None:
        raise OptionError("--task with a pipeline of several steps", "each says what it `uses`")
    workflow = _workflow(asked, given, plugins)
    keys = workflow.keys()
    done = workflow.done(keys)
    nodes = wanted(workflow, done, asked.only, asked.since)
    refuse_mistakes(workflow, nodes)
    left = {node.step.id for node in nodes}
    if asked.dry_run:
        _show_plan(workflow, done, left, as_json=asked.as_json)
        return
    for node in workflow.graph.nodes:
        if node.step.id in done and node.step.id not in left:
            say(f"{node.step.id}: unchanged")
    if asked.since is not None:
        # Whoever does them, now or after an interruption, does not go on from what is there.
        for id_ in workflow.graph.dependents(asked.since):
            forget(workflow.place(id_), begin_anew=True)
    try:
        if asked.workers > 1 and len(nodes) > 1:
            command = _command(asked, given, workflow)
            kept = {id_: each for id_, each in done.items() if id_ not in left}
            found = run_side_by_side(workflow, nodes, kept, command, asked.workers, say)
        else:
            found = run_workflow(workflow, nodes, done, keys, progress, say)
    except RunInterruptedError as error:
        raise RunInterruptedError(error.what, "the same command goes on") from None
    _show(workflow, found, as_json=asked.as_json)


def _workflow(asked: Asked, given: Mapping[str, Any], plugins: "Plugins") -> "Workflow":
    from nasdip_core.pipeline.document import read_pipeline
    from nasdip_core.pipeline.jobs import OUTPUT, changed
    from nasdip_core.workflow.graph import graph_of
    from nasdip_core.workflow.run import Workflow

    document = changed(read_pipeline(Path(asked.source)), given)
    name = document.pipeline.name or Path(asked.source).stem
    folder = asked.output or OUTPUT / name
    return Workflow(graph_of(document, plugins), name, folder, plugins, asked.trackers)


def _show_plan(
    workflow: "Workflow", done: "Mapping[str, Done]", left: Set[str], *, as_json: bool
) -> None:
    """Say which steps are to be done."""
    steps = []
    for node in workflow.graph.nodes:
        id_, uses, needs = node.step.id, node.step.uses, sorted(node.needs)
        state = "to be done" if id_ in left else "unchanged" if id_ in done else "left out"
        steps.append({"id": id_, "uses": uses, "state": state, "needs": needs})
        if not as_json:
            after = f" after {', '.join(needs)}" if needs else ""
            result(f"{id_}\t{uses}\t{state}{after}")
    if as_json:
        json_result({"schema": "nasdip.pipeline-plan/1", "name": workflow.name, "steps": steps})


def _command(asked: Asked, given: Mapping[str, Any], workflow: "Workflow") -> list[str]:
    """Return the command of this run, to which a single step is added."""
    import json

    words = ["run", asked.source, "-o", str(workflow.folder)]
    for name in asked.trackers:
        words += ["--tracker", name]
    for key, value in given.items():
        words += ["-S", f"{key}={json.dumps(value, ensure_ascii=False)}"]
    return words


def _show(workflow: "Workflow", done: "Mapping[str, Done]", *, as_json: bool) -> None:
    """Say what the steps have put out."""
    steps = {
        node.step.id: dict(done[node.step.id].outputs)
        for node in workflow.graph.nodes
        if node.step.id in done
    }
    if as_json:
        json_result({"schema": "nasdip.pipeline/1", "name": workflow.name, "steps": steps})
        return
    for id_, outputs in steps.items():
        for name, value in outputs.items():
            if name not in ("folder", "result"):
                result(f"{id_}.{name}: {value}")
