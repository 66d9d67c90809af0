"""The error family of nasdip and the exit codes it maps to."""

import difflib
import signal
from collections.abc import Iterable
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What `nasdip` answers to the shell."""

    OK = 0
    """The work was done."""
    FAILED = 1
    """The run failed: output folder, memory, a fit that diverged."""
    USAGE = 2
    """The command line could not be parsed."""
    OPTION = 3
    """An unknown option or a value that is out of range, on the command line or in YAML."""
    PLUGIN = 4
    """An unknown or failed task, architecture or plugin."""
    PICTURE = 5
    """A picture or mask is missing, unreadable or of the wrong size."""
    STUDY = 6
    """A study is missing, locked, damaged, or belongs to another search."""
    INTERRUPTED = 130
    """Stopped by the user; the checkpoint is kept."""


class _Told(BaseException):
    """What went wrong, and what to do, in words that the user reads."""

    exit_code: ClassVar[ExitCode]

    def __init__(self, what: str, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return self.what if self.hint is None else f"{self.what}; {self.hint}"


class NasdipError(_Told, Exception):
    """A failure that the user can mend."""

    exit_code = ExitCode.FAILED


class RunError(NasdipError):
    """The run itself failed: output folder, memory, divergence."""


class OptionError(NasdipError):
    """An option is unknown or has a bad value."""

    exit_code = ExitCode.OPTION


class PluginError(NasdipError):
    """A plugin, task or architecture is unknown, broken, ambiguous or incompatible."""

    exit_code = ExitCode.PLUGIN


class PictureError(NasdipError):
    """A picture or mask cannot be used."""

    exit_code = ExitCode.PICTURE


class StudyError(NasdipError):
    """A study cannot be opened, or is not the one that was asked for."""

    exit_code = ExitCode.STUDY


class RunInterruptedError(_Told):
    """The user stopped the run; what was computed is kept.

    No failure: like KeyboardInterrupt it passes through `except Exception`, a plugin's as well.
    """

    exit_code = ExitCode.INTERRUPTED


def error_of(exit_code: int, what: str) -> NasdipError:
    """Return the failure that a process with this exit code has told."""
    kinds: tuple[type[NasdipError], ...] = (OptionError, PluginError, PictureError, StudyError)
    return next((kind for kind in kinds if kind.exit_code == exit_code), RunError)(what)


def how_it_ended(exit_code: int) -> str:
    """Return how a process ended that has told no failure."""
    if exit_code >= 0:
        return f"ended with code {exit_code}"
    what = f"was ended by {signal.Signals(-exit_code).name}"
    return f"{what}; was there enough memory?" if -exit_code == signal.SIGKILL else what


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to a misspelt one, or None."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return found[0] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the hint for an unknown name: the nearest known one, else all of them."""
    names = sorted(known)
    close = nearest(name, names)
    if close is not None:
        return f"did you mean '{close}'?"
    return f"known: {', '.join(names)}" if names else "none is installed"
