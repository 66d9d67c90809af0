"""`nasdip plugins new`: the beginning of a plugin."""

from pathlib import Path
from typing import Annotated

import typer

from nasdip_core.cli.output import result, say
from nasdip_core.cli.parameters import Debug


def new(
    name: Annotated[str, typer.Argument(help="Name of the package, such as nasdip-haar.")],
    kind: Annotated[str, typer.Option(help="What it adds: task, upsampling, strategy, ...")],
    folder: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: a folder of that name.")
    ] = None,
    debug: Debug = False,  # noqa: ARG001  # read by main(), which sees failures of every command
) -> None:
    """Write a package with one part of a kind: it installs, passes its tests, and is listed."""
    from nasdip_core.authoring.new import new_plugin

    folder = folder or Path(name)
    for path in new_plugin(name, kind, folder):
        result(str(path))
    say(f"next: cd {folder} && pip install -e '.[test]' && pytest && nasdip plugins show {name}")
