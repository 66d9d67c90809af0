"""Where the command `nasdip` begins: Ctrl-C has its line before the command line is imported."""

import signal
import sys

from nasdip_core.errors import ExitCode


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, _interrupted)
    from nasdip_core.cli import main as command_line

    command_line()


def _interrupted(*_: object) -> None:
    sys.stderr.write("error: interrupted\n")
    raise SystemExit(ExitCode.INTERRUPTED)
