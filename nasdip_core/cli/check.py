"""`nasdip check` and `nasdip schema`: pipeline files, before anything runs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasdip_core.cli.output import fail, json_result, result, say
from nasdip_core.cli.parameters import AsJson, Debug

if TYPE_CHECKING:
    from nasdip_core.plugins import Plugins
    from nasdip_core.workflow.graph import Graph


def check(
    path: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="Pipeline file.")],
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print the file with every default spelt out.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001  # read by main(), which sees failures of every command
) -> None:
    """Say all that is wrong with a pipeline file, by line and column; run nothing."""
    from nasdip_core.pipeline.document import to_yaml
    from nasdip_core.plugins import Plugins
    from nasdip_core.workflow.check import check as check_file

    plugins = Plugins.discover()
    graph, errors = check_file(path, plugins)
    if errors:
        graph = None
    spelt = None if graph is None or not resolved else _spelt_out(graph, plugins)
    if as_json:
        found = [{"error": str(e), "exit_code": int(e.exit_code)} for e in errors]
        told = {"schema": "nasdip.check/1", "file": str(path), "errors": found}
        json_result(told if spelt is None else {**told, "resolved": spelt})
    elif spelt is not None:
        result(to_yaml(spelt).rstrip())
    elif graph is not None:
        say(f"{path}: {len(graph.nodes)} steps, nothing wrong")
    else:
        for error in errors:
            fail(str(error))
    if errors:
        raise typer.Exit(errors[0].exit_code)


def _spelt_out(graph: "Graph", plugins: "Plugins") -> dict[str, Any]:
    """Return a pipeline that is right with every default spelt out."""
    from nasdip_core.workflow.check import resolved_options

    path = graph.document.path
    steps = [
        {
            "id": node.step.id,
            "uses": node.step.uses,
            "needs": sorted(node.needs),
            "with": resolved_options(node, node.step.with_, plugins, path.parent),
        }
        for node in graph.nodes
    ]
    return {"nasdip": 1, "name": graph.document.pipeline.name or path.stem, "steps": steps}


def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File; default: standard output.")
    ] = None,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Write a JSON Schema of pipeline files, with the options of all installed plugins."""
    from nasdip_core.files import whole_file
    from nasdip_core.plugins import Plugins
    from nasdip_core.workflow.schema import pipeline_schema

    text = json.dumps(pipeline_schema(Plugins.discover()), indent=2)
    if output is None:
        result(text)
        return
    with whole_file(output) as draft:
        draft.write_text(text + "\n", encoding="utf-8")
    say(f"schema: {output}")
