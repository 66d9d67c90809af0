"""`nasdip check` and `nasdip schema`: pipeline files, before anything runs."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from nasdip_core.cli.output import fail, json_result, result, say
from nasdip_core.cli.parameters import AsJson, Debug


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
    from nasdip_core.workflow.check import resolved_options

    plugins = Plugins.discover()
    graph, errors = check_file(path, plugins)
    if as_json:
        found = [{"error": str(e), "exit_code": int(e.exit_code)} for e in errors]
        json_result({"schema": "nasdip.check/1", "file": str(path), "errors": found})
    else:
        for error in errors:
            fail(str(error))
    if errors:
        raise typer.Exit(errors[0].exit_code)
    assert graph is not None
    if resolved:
        steps: list[dict[str, Any]] = [
            {
                "id": node.step.id,
                "uses": node.step.uses,
                "needs": sorted(node.needs),
                "with": resolved_options(node, node.step.with_, plugins, path.parent),
            }
            for node in graph.nodes
        ]
        name = graph.document.pipeline.name or path.stem
        result(to_yaml({"nasdip": 1, "name": name, "steps": steps}).rstrip())
    elif not as_json:
        say(f"{path}: {len(graph.nodes)} steps, nothing wrong")


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
