"""The command line. One file a command; nothing heavy is imported before a command runs."""

import codecs
import io
import signal
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from nasdip_core.cli import bench, check, describe, doctor, listing, plugins, run, search
from nasdip_core.cli.guests import WithGuests, add_files, plugins_first
from nasdip_core.cli.output import discard, fail, open_streams
from nasdip_core.cli.parameters import Debug
from nasdip_core.errors import ExitCode, NasdipError, RunInterruptedError

_PRINTERS = {"click", "rich", "typer"}
"""Packages that write our output."""
_ANY_TEXT = "nasdip"
"""Name of what encodes text that a stream has no letters for."""

app = typer.Typer(
    name="nasdip",
    cls=WithGuests,
    help="Restore pictures with an untrained network whose structure is the prior.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("bench")(bench.bench)
app.add_typer(search.app, name="search")
app.command("check")(check.check)
app.command("schema")(check.schema)
app.command("list")(listing.list_offers)
app.command("describe")(describe.describe)
app.command("doctor")(doctor.doctor)
app.add_typer(plugins.app, name="plugins")


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"nasdip {version('nasdip')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    plugin: Annotated[
        list[Path] | None,
        typer.Option(
            "--plugin",
            metavar="FILE.py",
            callback=add_files,
            is_eager=True,
            help="A plugin that is a file; may be repeated, and stand after the command, too.",
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """Restore pictures with an untrained network whose structure is the prior."""


def main() -> None:
    """Run the command line; a failure the user can mend is one line and an exit code."""
    debug = "--debug" in sys.argv
    open_streams()
    codecs.register_error(_ANY_TEXT, _encoded)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ANY_TEXT)
    # Typer would turn Ctrl-C into exit code 1; schedulers of clusters end a job by SIGTERM.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupted)
    try:
        _call(sys.argv[1:])
    except SystemExit as ended:
        error = ended.__context__
        if not isinstance(error, BrokenPipeError):
            raise
        # Typer ends with it, whatever the pipe.
        sys.exit(_told(error))
    except (Exception, RunInterruptedError) as error:
        if debug:
            raise
        sys.exit(_told(error))


def _encoded(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return what stands for text that a stream's encoding lacks.

    A file name may hold bytes that are no text; they go out as they came in.
    """
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.backslashreplace_errors(error)


def _call(words: list[str]) -> None:
    try:
        app(plugins_first(words))
    except SystemExit:
        # What the system has not taken by now it may refuse, and Python would say so in its words.
        sys.stdout.flush()
        raise


def _told(error: Exception | RunInterruptedError) -> int:
    """Tell of a failure in one line and return its exit code."""
    from nasdip_core.blame import advice, attributed

    if isinstance(error, OSError) and _is_of_our_output(error):
        discard(sys.stdout)
        if isinstance(error, BrokenPipeError):  # its reader has seen enough, as `| head` does
            return ExitCode.OK
        fail(f"cannot write to the standard output: {error.strerror}")
        return ExitCode.FAILED
    known = error if isinstance(error, RunInterruptedError) else attributed(error)
    if isinstance(known, NasdipError | RunInterruptedError):
        fail(str(known))
        return known.exit_code
    if isinstance(known, OSError) and known.filename is not None:
        # What the system refuses of a file, such as too long a name, is no fault of ours.
        fail(f"cannot use '{known.filename}': {known.strerror}")
        return ExitCode.FAILED
    fail(f"internal error: {type(error).__name__}: {error}; {advice()}")
    return ExitCode.FAILED


def _is_of_our_output(error: OSError) -> bool:
    """Return whether it was our output that failed; other files and pipes may, too."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    module = frame.f_globals.get("__name__", "")
    ours = module.startswith("nasdip_core.cli") or module.partition(".")[0] in _PRINTERS
    return ours and error.filename is None


def _interrupted(*_: object) -> None:
    raise RunInterruptedError("interrupted")
