"""`nasdip plugins check`: what keeps a plugin from working everywhere, and how to mend it."""

from typing import Annotated

import typer

from nasdip_core.cli.output import json_result, result, say
from nasdip_core.cli.parameters import AsJson, Debug
from nasdip_core.errors import ExitCode


def check(
    plugin: Annotated[
        str,
        typer.Argument(
            metavar="PATH|NAME", help="Folder of a package, a file, or an installed distribution."
        ),
    ],
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001  # read by main(), which sees failures of every command
) -> None:
    """Check metadata, import, hooks, offers, options and contracts of a plugin."""
    from nasdip_core.authoring.check import check_plugin

    findings = check_plugin(plugin, say)
    errors = [finding for finding in findings if finding.level == "error"]
    if as_json:
        listed = [
            {"check": f.check, "level": f.level, "what": f.what, "mend": f.mend} for f in findings
        ]
        json_result({"schema": "nasdip.plugin-check/1", "plugin": plugin, "findings": listed})
    else:
        for finding in findings:
            result(f"{finding.level}: {finding.check}: {finding.what}; {finding.mend}")
        if not findings:
            result("nothing is wrong")
    if errors:
        raise typer.Exit(ExitCode.PLUGIN)
