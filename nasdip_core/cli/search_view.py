"""A running search: a live line of numbers on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nasdip_core.cli.output import say

if TYPE_CHECKING:
    from nasdip_core.searching.progress import Progress

_LINE_EVERY = 10.0
"""Seconds between two plain lines."""


@contextmanager
def view() -> "Iterator[Callable[[Progress], None]]":
    """Yield what shows progress on stderr while the block runs, and says which workers are lost."""
    said = 0
    with _numbers() as show:

        def watch(progress: "Progress") -> None:
            nonlocal said
            for line in progress.lost[said:]:
                say(line)
            said = len(progress.lost)
            show(progress)

        yield watch


@contextmanager
def _numbers() -> "Iterator[Callable[[Progress], None]]":
    """Yield what shows how far a search is."""
    if not sys.stderr.isatty():
        yield _PlainLines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("searching"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[status]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("searching", total=None, status="")

        def watch(progress: "Progress") -> None:
            bar.update(
                task, total=progress.wanted, completed=progress.finished, status=told(progress)
            )

        yield watch


class _PlainLines:
    """One line when there is something new, at most every few seconds."""

    def __init__(self) -> None:
        self._last = float("-inf")
        self._shown = ""

    def __call__(self, progress: "Progress") -> None:
        line = "; ".join(filter(None, (_counted(progress), told(progress))))
        # The last trial is told at once, however soon after the one before it.
        ended = progress.finished >= progress.wanted and progress.comparison is None
        if line != self._shown and (ended or time.monotonic() - self._last >= _LINE_EVERY):
            self._last, self._shown = time.monotonic(), line
            say(line)


def _counted(progress: "Progress") -> str:
    return f"{progress.finished} of {progress.wanted} trials"


def told(progress: "Progress") -> str:
    """Return what a search has come to in a few words."""
    parts = []
    if progress.best is not None and progress.best.value is not None:
        parts.append(f"best {progress.best.value:.2f} (trial {progress.best.slot})")
    for name, count in (("pruned", progress.pruned), ("failed", progress.failed)):
        if count:
            parts.append(f"{count} {name}")
    if progress.seconds_per_trial is not None:
        parts.append(f"{progress.seconds_per_trial:.1f} s a trial")
    comparison = progress.comparison
    if comparison is not None:
        parts.append(f"comparing the best: {comparison.finished} of {comparison.wanted} fits")
    elif progress.finished >= progress.wanted:
        parts.append("comparing the best")
    left = (comparison or progress).seconds_left
    if left:
        parts.append(f"about {_duration(left)} left")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    minutes, hours = seconds / 60, seconds / 3600
    if hours >= 2:
        return f"{hours:.0f} h"
    return f"{minutes:.0f} min" if minutes >= 2 else f"{seconds:.0f} s"
