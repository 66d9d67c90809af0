"""Results go to stdout, everything else to stderr."""

import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO


def open_streams() -> None:
    """Open to nowhere what a daemon or a window's program has not open: Python has None there."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115  # for good
            setattr(sys, name, stream)


def discard(stream: TextIO) -> None:
    """Send what is still to be written to nowhere: at the end Python would fail over it again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def say(line: str) -> None:
    """Print a line for the user on stderr; where that is full, work goes on without a word."""
    try:
        print(line, file=sys.stderr)
    except BrokenPipeError:
        raise
    except OSError:
        discard(sys.stderr)


def fail(line: str) -> None:
    """Print the one line of a failure on stderr."""
    say(f"error: {' '.join(filter(None, map(str.strip, line.splitlines())))}")


def result(line: str) -> None:
    """Print a line of the result on stdout."""
    print(line)


def json_result(value: Any) -> None:
    """Print one JSON object on stdout."""
    print(json.dumps(value, indent=2))


def table(header: list[str], rows: list[list[str]]) -> None:
    """Print a table on stdout: aligned on a terminal's width, plain where there is none."""
    if not sys.stdout.isatty():
        for row in rows:
            result("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table

    view = Table(box=None, pad_edge=False, header_style="bold")
    for title in header:
        view.add_column(title, overflow="fold")
    for row in rows:
        view.add_row(*[cell.replace("[", "\\[") for cell in row])
    Console().print(view)
