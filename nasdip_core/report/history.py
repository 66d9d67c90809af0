"""The events of a run, fit by fit."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from nasdip_core.fit.events import Event, FitEnded, RefineDone, RefineStarted, Rewound, StepDone
from nasdip_core.report.curves import Curve, Rewind


@dataclass
class History:
    """What one fit reported, in order."""

    fit: str
    steps: list[StepDone] = field(default_factory=list)
    """The reports that led to the result."""
    abandoned: list[list[StepDone]] = field(default_factory=list)
    """Reports that a rewind took back."""
    rewinds: list[Rewind] = field(default_factory=list)
    ended: FitEnded | None = None

    def add(self, event: Event) -> None:
        """Take the next event of this fit."""
        match event:
            case StepDone():
                self.steps.append(event)
            case Rewound():
                self.abandoned.append([step for step in self.steps if step.step > event.to_step])
                self.steps = [step for step in self.steps if step.step <= event.to_step]
                words = f"{event.step} back to {event.to_step}: {event.reason}"
                self.rewinds.append(Rewind(event.step, words))
            case FitEnded():
                self.ended = event

    @property
    def chosen(self) -> int | None:
        """The iteration whose average is returned; the best so far where the fit was cut off."""
        if self.ended is not None:
            return self.ended.best_step
        return self.steps[-1].best_step if self.steps else None

    @property
    def clock(self) -> list[tuple[int, float]]:
        """Pairs of iteration and seconds since the fit began."""
        return [(step.step, step.seconds) for step in self.steps]

    def names(self, of: Callable[[StepDone], Iterable[str]]) -> list[str]:
        """Return the names that reports use, in order of appearance."""
        return list(dict.fromkeys(name for step in self.steps for name in of(step)))

    def curve(self, name: str, value: Callable[[StepDone], float | None]) -> Curve:
        """Return one number of every report as a curve."""

        def points(steps: list[StepDone]) -> list[tuple[float, float | None]]:
            return [(step.step, value(step)) for step in steps]

        return Curve(name, points(self.steps), [points(lost) for lost in self.abandoned])


def histories(events: Iterable[Event]) -> list[History]:
    """Return the history of every fit, in the order in which they began."""
    found: dict[str, History] = {}
    for event in events:
        if isinstance(event, RefineStarted | RefineDone):
            continue
        found.setdefault(event.fit, History(event.fit)).add(event)
    return list(found.values())
