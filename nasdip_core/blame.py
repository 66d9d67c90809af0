"""Whose error it is: one that comes out of a guest's code is no defect of ours (torch-free)."""

import sys
import traceback
from pathlib import Path
from types import FrameType

from nasdip_core.discovery import sources
from nasdip_core.errors import NasdipError, PictureError, PluginError, StudyError
from nasdip_core.registration import OWN_DISTRIBUTION

SURROUNDINGS = (PictureError, StudyError, OSError)
"""Errors for which no candidate is to blame: a picture that is gone, a disk that is away."""

_FILE_OF_USER = "<run_path>"
"""Name of the module that `runpy.run_path` makes of a file."""


def attributed(error: Exception) -> Exception:
    """Return an error that comes out of a guest's code as a PluginError; any other as it is.

    A guest is a plugin, or a file that a user gives, such as an operator. Its deepest frame counts:
    torch may fail beneath it, for what it was given.
    """
    if isinstance(error, NasdipError):
        return error
    guests = _guests()
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        module = frame.f_globals.get("__name__", "")
        whose, mend = f"plugin '{guests.get(_top(module))}'", "mend it, or tell its author"
        if module == _FILE_OF_USER:
            whose, mend = f"'{frame.f_code.co_filename}'", "mend it"
        elif _top(module) not in guests:
            continue
        said = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
        return PluginError(f"{whose} failed: {said} ({_place(frame, line)})", mend)
    return error


def said(error: Exception) -> str:
    """Return an error in one line; of one that nobody has put into words, its type, too."""
    known = isinstance(error, NasdipError)
    return " ".join((str(error) if known else f"{type(error).__name__}: {error}").split())


def advice() -> str:
    """Return whom to tell of an error that is none of ours, and comes out of nobody's code.

    What a guest returned may break a step of ours, or of torch, in which none of its code runs.
    """
    report = "please report it with the output of --debug"
    present = [f"'{plugin}'" for module, plugin in _guests().items() if module in sys.modules]
    if not present:
        return report
    return (
        f"if it is gone without {' and '.join(present)}, `nasdip plugins check` it, else {report}"
    )


def _guests() -> dict[str, str]:
    """Return the id of each guest by the name of its outermost package or module."""
    return {
        _top(source.module): f"{source.distribution}:{source.name}"
        for source in sources()
        if source.distribution != OWN_DISTRIBUTION
    }


def _top(module: str) -> str:
    return module.partition(".")[0]


def _place(frame: FrameType, line: int) -> str:
    return f"{Path(frame.f_code.co_filename).name}:{line}"
