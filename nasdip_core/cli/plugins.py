"""`nasdip plugins`: which plugins were found, and what became of them."""

import typer

from nasdip_core.cli.output import json_result, table
from nasdip_core.cli.parameters import AsJson

app = typer.Typer(help="Inspect the installed plugins.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Inspect the installed plugins."""


@app.command("list")
def list_plugins(
    as_json: AsJson = False,
) -> None:
    """List plugins with their state, and the reason where one is not loaded."""
    from nasdip_core.plugins import Plugins

    found = Plugins.discover().plugins
    if as_json:
        listed = [
            {
                "plugin": p.id,
                "distribution": p.distribution,
                "version": p.version,
                "module": p.module,
                "state": p.state,
                "reason": p.reason,
            }
            for p in found
        ]
        json_result({"schema": "nasdip.plugins/1", "plugins": listed})
        return
    table(
        ["plugin", "version", "state", "reason"],
        [[p.id, p.version, p.state, p.reason] for p in found],
    )
