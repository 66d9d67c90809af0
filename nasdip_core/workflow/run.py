"""Runs the steps of a pipeline file: what is unchanged stays, the rest is done in its order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nasdip_core.blame import attributed
from nasdip_core.errors import NasdipError, OptionError, PluginError, RunError
from nasdip_core.files import make_folder
from nasdip_core.plugin_versions import guest_versions
from nasdip_core.plugins import Plugins
from nasdip_core.step import Step, StepContext, StepOptions
from nasdip_core.workflow.graph import Graph, Node, select
from nasdip_core.workflow.references import interpolated
from nasdip_core.workflow.restore_step import Place, Progress, discard, restore_step
from nasdip_core.workflow.state import Done, Key, begun_step, done_step, forget, key_of, note

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A pipeline file that is to be run into a folder."""

    graph: Graph
    name: str
    folder: Path
    plugins: Plugins
    trackers: Sequence[str] = ()
    """Names of what hears of every restoration."""

    @property
    def base(self) -> Path:
        """The folder that paths are relative to."""
        return self.graph.document.path.parent.absolute()

    def place(self, id_: str) -> Path:
        """Return the folder of a step."""
        return self.folder / id_

    def keys(self) -> dict[str, Key]:
        """Return the hashes of every step, by its id."""
        keys: dict[str, Key] = {}
        # Many steps may name one folder, which may be large.
        hashes: dict[Path, str] = {}
        for node in self.graph.nodes:
            keys[node.step.id] = self.key(node, keys, hashes)
        return keys

    def key(self, node: Node, upstream: Mapping[str, Key], hashes: dict[Path, str]) -> Key:
        """Return the hashes of a step as its files are now; see `key_of`."""
        options = node.step.with_
        found = self.plugins.find(node.kind, node.plugin)
        model = found.options()
        told = model if model and issubclass(model, StepOptions) else StepOptions
        return key_of(
            node.step.uses,
            options,
            self.base,
            {id_: upstream[id_] for id_ in sorted(node.needs)},
            {
                "nasdip": version("nasdip"),
                **guest_versions(options, self.plugins, also={found.plugin}),
            },
            output=self.folder,
            hashes=hashes,
            written=told.written,
            amount=told.amount,
            # Each picture of a folder is held against what was restored.
            checks_files=node.kind == "task",
        )

    def done(self, keys: Mapping[str, Key]) -> dict[str, Done]:
        """Return the steps that are done and unchanged, and so all that they need."""
        found: dict[str, Done] = {}
        for node in self.graph.nodes:
            id_ = node.step.id
            known = done_step(self.place(id_))
            if known is not None and known.key == keys[id_] and node.needs <= found.keys():
                found[id_] = known
        return found

    def forget_dependents(self, node: Node) -> None:
        """Note of the steps that need one that begins that they are not done any more.

        A task compares its inputs with what it was made from, a step can only begin anew.
        """
        dependents = self.graph.dependents(node.step.id) - {node.step.id}
        for other in self.graph.nodes:
            if other.step.id in dependents:
                forget(self.place(other.step.id), begin_anew=other.kind != "task")


def wanted(
    workflow: Workflow, done: Mapping[str, Done], only: str | None, since: str | None
) -> list[Node]:
    """Return the steps to be done, in order: `only` one, or all that are left and all `since` one.

    Raises OptionError for an unknown step, or where one that is needed is not done.
    """
    graph = workflow.graph
    if only is not None:
        node = select(graph, only)
        missing = sorted(node.needs - done.keys())
        if missing:
            raise OptionError(
                f"step '{only}' needs '{missing[0]}', which is not done", "run that first"
            )
        return [node]
    again: set[str] = set() if since is None else graph.dependents(select(graph, since).step.id)
    return [n for n in graph.nodes if n.step.id in again or n.step.id not in done]


def run_step(
    workflow: Workflow,
    node: Node,
    done: Mapping[str, Done],
    key: Key,
    progress: Progress,
    say: Say,
    *,
    again: bool,
) -> Done:
    """Do one step whose needs are done, and note it as done; `again`: from its beginning.

    Raises NasdipError, located in the file.
    """
    id_ = node.step.id
    folder = workflow.place(id_)

    def look_up(text: str) -> str:
        step, _, output = text.rpartition(".")
        value = done[step].outputs.get(output)
        if value is None:
            raise OptionError(f"step '{step}' has put out no '{output}'")
        return value

    document = workflow.graph.document
    try:
        content = interpolated(node.step.with_, look_up)
        make_folder(folder)
        earlier = begun_step(folder)
        again = again or (earlier is not None and earlier.begun != key.begun)
        workflow.forget_dependents(node)
        if again:
            # Interrupted before what is there is gone, it shall not be taken for this attempt's.
            forget(folder, begin_anew=True)
        if node.kind == "task":

            def begin() -> None:
                if again:
                    discard(folder)
                note(folder, key)

            name = f"{workflow.name}-{id_}"
            place = Place(folder, workflow.base, begin, workflow.trackers)
            outputs: Mapping[str, str] = restore_step(
                node.plugin, content, name, place, workflow.plugins, progress, say
            )
        else:
            note(folder, key)
            step = made_step(node, content, workflow.plugins)
            context = StepContext(
                folder.absolute(), workflow.base, workflow.plugins, say, again=again
            )
            model = workflow.plugins.find("step", node.plugin).options()
            declared = model.outputs if model and issubclass(model, StepOptions) else {}
            outputs = _outputs(step, node.plugin, declared, context)
        note(folder, key, dict(outputs))
    except OSError as error:
        if isinstance(attributed(error), PluginError):
            raise
        where = error.filename or folder
        raise RunError(f"cannot write '{where}': {error.strerror or error}") from None
    except NasdipError as error:
        raise document.located(["steps", node.index, "with"], error) from None
    return Done(key, outputs)


def _outputs(
    step: Step, plugin: str, declared: Mapping[str, str], context: StepContext
) -> Mapping[str, str]:
    """Return what a step puts out.

    Raises PluginError where it ends the program, or puts out no text or nothing it has declared.
    """
    try:
        outputs = step.run(context)
    except SystemExit as error:
        raise PluginError(f"step '{plugin}' ended the program with {error.code}") from None
    told = outputs.items() if isinstance(outputs, Mapping) else [("", outputs)]
    for name, value in told:
        if not isinstance(name, str) or not isinstance(value, str):
            raise PluginError(f"step '{plugin}' put out {name!r}: {value!r}, which is no text")
    if declared and not declared.keys() & outputs.keys():
        raise PluginError(
            f"step '{plugin}' has put out {_listed(outputs)} and not {_listed(declared)}",
            "return what `outputs` of its options declares",
        )
    return outputs


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "nothing"


def made_step(node: Node, content: Mapping[str, Any], plugins: Plugins) -> Step:
    """Return the plugin of a step, made with its options. Raises OptionError for a bad one."""
    registration = plugins.find("step", node.plugin)
    step: Step = registration.made(content, "")
    return step


def run_workflow(
    workflow: Workflow,
    nodes: Sequence[Node],
    done: Mapping[str, Done],
    keys: Mapping[str, Key],
    progress: Progress,
    say: Say,
) -> dict[str, Done]:
    """Do steps one after the other; return all that is done. Raises the first failure.

    A step that is among the `done` is done again, from its beginning.
    """
    found, known = dict(done), dict(keys)
    for node in nodes:
        id_ = node.step.id
        say(f"{id_}:")
        again = id_ in done
        if node.needs:
            # What they have written by now may be named by its path.
            known[id_] = workflow.key(node, known, {})
        found[id_] = run_step(workflow, node, found, known[id_], progress, say, again=again)
    return found
