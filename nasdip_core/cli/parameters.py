"""Options that several commands take, in the same words."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from nasdip_core.plugins import Plugins
    from nasdip_core.supervise import Crew

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
Workers = Annotated[int, typer.Option(min=1, help="How many are done side by side.")]


def crew_of(
    workers: int, launcher: str | None, options: dict[str, Any], plugins: "Plugins"
) -> "Crew | None":
    """Return who does the work; None: this process. Takes the launcher out of the options."""
    from nasdip_core.launcher import chosen_launcher
    from nasdip_core.options import merge
    from nasdip_core.supervise import Crew

    named = {} if launcher is None else {"launcher": launcher}
    asked = merge(named, {k: v for k, v in options.items() if k == "launcher"})
    options.pop("launcher", None)
    if workers == 1 and not asked:
        return None
    return Crew(chosen_launcher(asked, plugins), workers)
