"""`nasdip list`: what is installed."""

from collections import Counter
from typing import Annotated

import typer

from nasdip_core.cli.output import json_result, table
from nasdip_core.cli.parameters import AsJson, Debug


def list_offers(
    kind: Annotated[str | None, typer.Argument(help="Only this kind, such as task.")] = None,
    pattern: Annotated[str, typer.Argument(help="Only names that match, such as '*dip*'.")] = "*",
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001  # read by main(), which sees failures of every command
) -> None:
    """List tasks, architectures, upsampling ops and everything else that plugins offer."""
    from nasdip_core.errors import PluginError, did_you_mean
    from nasdip_core.hooks import KINDS
    from nasdip_core.plugins import Plugins

    if kind is not None and kind not in KINDS:
        singular = kind.removesuffix("s")
        if singular not in KINDS:
            raise PluginError(f"unknown kind '{kind}'", did_you_mean(kind, KINDS))
        kind = singular
    found = Plugins.discover().registrations(kind, pattern)
    if as_json:
        offers = [
            {
                "kind": r.offer.kind,
                "name": r.offer.name,
                "summary": r.offer.summary,
                "plugin": r.distribution,
                "state": r.state,
                "reason": r.reason,
            }
            for r in found
        ]
        json_result({"schema": "nasdip.list/1", "offers": offers})
        return
    offered = Counter((r.offer.kind, r.offer.name) for r in found if r.state == "loaded")
    rows = [
        [
            r.offer.kind,
            # What several plugins offer is taken by its whole name alone.
            r.offer.name
            if r.state == "loaded" and offered[r.offer.kind, r.offer.name] == 1
            else r.qualified,
            r.offer.summary if r.state == "loaded" else f"({r.state}: {r.reason})",
        ]
        for r in found
    ]
    table(["kind", "name", "summary"], rows)
