"""Calls of plugins: what they print, how long they take, and a trace of them."""

import io
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from textwrap import shorten
from typing import Any

from pluggy import HookImpl

SLOW_SECONDS = 0.5
"""An import that takes longer is told: every command waits for it."""
_LONGEST = 100
_SEEN = "__nasdip_import__"
"""Attribute of a module: what was seen of its import, which a second discovery cannot see."""


class Watched:
    """What was seen of a plugin's import."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.remarks: tuple[str, ...] = ()


@contextmanager
def watched_import(module: str) -> Iterator[Watched]:
    """Keep what a plugin prints off stdout, which belongs to results, and note what it does.

    Of a module that is there already, what was seen when it came.
    """
    seen, printed = Watched(), io.StringIO()
    before = getattr(sys.modules.get(module), _SEEN, None)
    light, started = "torch" not in sys.modules, time.perf_counter()
    try:
        with redirect_stdout(printed):
            yield seen
    finally:
        seen.seconds = time.perf_counter() - started
        remarks = []
        if light and "torch" in sys.modules:
            remarks.append("imports torch, for which every command waits")
        if seen.seconds > SLOW_SECONDS:
            remarks.append(f"its import takes {seen.seconds:.1f} s")
        if printed.getvalue():
            remarks.append(f"prints when it is imported: {_short(printed.getvalue())}")
        seen.remarks = tuple(remarks)
        if isinstance(before, Watched):
            seen.seconds, seen.remarks = before.seconds, before.remarks
        elif module in sys.modules:
            setattr(sys.modules[module], _SEEN, seen)


def call(hook: str, implementation: HookImpl, arguments: Mapping[str, Any]) -> Any:
    """Call one plugin's implementation of a hook; `NASDIP_TRACE=hooks` shows each call on stderr.

    What it prints goes to stderr: stdout belongs to results.
    """
    started, outcome = time.perf_counter(), "nothing"
    try:
        with redirect_stdout(sys.stderr):
            returned = implementation.function(*[arguments[n] for n in implementation.argnames])
        outcome = repr(returned)
        return returned
    except BaseException as error:
        outcome = f"raised {type(error).__name__}: {error}"
        raise
    finally:
        if "hooks" in os.environ.get("NASDIP_TRACE", "").split(","):
            spent = 1000 * (time.perf_counter() - started)
            line = f"{hook} of {implementation.plugin_name}, {spent:.2f} ms: {_short(outcome)}"
            print(f"trace: {line}", file=sys.stderr)  # noqa: T201  # asked for


def _short(text: str) -> str:
    return shorten(text, _LONGEST, placeholder=" ...")
