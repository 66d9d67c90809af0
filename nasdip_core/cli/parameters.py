"""Options that several commands take, in the same words."""

from typing import Annotated

import typer

Task = Annotated[str | None, typer.Option("--task", "-t", help="What to do: inpaint, denoise, ...")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-S",
        metavar="KEY=VALUE",
        help="An option by its dotted name: task.sigma=25, fit.steps=200, corrupt.missing=0.5.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")]
Launcher = Annotated[
    str | None,
    typer.Option(help="Where workers run; default processes (nasdip list launcher)."),
]
