"""Progress of a fit: a live bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from nasdip_core.cli.output import say
from nasdip_core.fit.events import (
    Event,
    FitEnded,
    FitStarted,
    Observer,
    RefineDone,
    RefineStarted,
    Rewound,
    StepDone,
)

_LINE_EVERY = 10.0
"""Seconds between two plain lines."""


@contextmanager
def progress(steps: int) -> Iterator[Observer]:
    """Yield an observer that shows events on stderr while the block runs."""
    if not sys.stderr.isatty():
        yield _PlainLines(steps)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[status]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("fitting", total=steps, status="")

        def observe(event: Event) -> None:
            match event:
                case FitStarted():
                    name = f"{_which(event)}fitting"
                    bar.update(task, completed=event.step, total=event.steps, description=name)
                case StepDone():
                    bar.update(task, completed=event.step, status=_status(event))
                case Rewound():
                    bar.console.print(_rewound(event))
                case RefineStarted():
                    bar.update(task, description=f"filtering: {event.fit}", status="")

        yield observe


class _PlainLines:
    """One line when something changes, and one every few seconds."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._last = time.monotonic()

    def __call__(self, event: Event) -> None:
        match event:
            case FitStarted(step=0):
                self._steps = event.steps
                say(f"{_which(event)}fitting, {event.steps} steps at most")
            case FitStarted():
                self._steps = event.steps
                say(f"{_which(event)}going on after step {event.step} of {event.steps}")
            case StepDone():
                if time.monotonic() - self._last >= _LINE_EVERY:
                    self._last = time.monotonic()
                    where = f"step {event.step} of {self._steps}, {event.seconds:.0f} s"
                    say(f"{_which(event)}{where}, {_status(event)}")
            case Rewound():
                say(_rewound(event))
            case RefineDone():
                say(f"{event.fit}: {event.seconds:.1f} s")
            case FitEnded():
                say(f"{_which(event)}fit ended at step {event.step}: {event.reason}")


def _which(event: Event) -> str:
    """Name the tile of an event; a fit in one piece needs no name."""
    return f"{event.fit.replace('-', ' ')}: " if event.fit != "fit" else ""


def _status(event: StepDone) -> str:
    parts = [f"loss {event.loss:.3g}"]
    parts += [f"{name} {value:.2f}" for name, value in event.measures.items()]
    if event.step and event.seconds:
        parts.append(f"{event.step / event.seconds:.1f} it/s")
    return ", ".join(parts)


def _rewound(event: Rewound) -> str:
    return (
        f"diverged at step {event.step} ({event.reason}); "
        f"back to step {event.to_step}, learning rate x {event.lr_factor:g}"
    )
