"""Typed events of a run. `events.jsonl`, progress, page and trackers are readers of these."""

import json
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from nasdip_core.errors import RunError
from nasdip_core.files import whole_file


@dataclass(frozen=True, slots=True)
class FitStarted:
    """A fit begins, or goes on from `step` > 0."""

    kind: ClassVar[str] = "fit-started"
    fit: str
    steps: int
    step: int = 0
    rewinds: int = 0
    """How often it diverged and went back on the way to `step`."""


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step that is reported: every `fit.report_every` steps, and the last."""

    kind: ClassVar[str] = "step"
    fit: str
    step: int
    seconds: float
    """Since the fit began, resumed parts included."""
    loss: float
    losses: dict[str, float] = field(default_factory=dict)
    """The loss of each player, and the parts that it tells of."""
    measures: dict[str, float] = field(default_factory=dict)
    """Quality of the averaged output against the truth, where there is one: psnr."""
    validation: float | None = None
    """Error on the measurements kept back."""
    statistic: float | None = None
    """The stopping rule's number."""
    best_step: int | None = None
    """The step that the stopping rule would return now."""


@dataclass(frozen=True, slots=True)
class Rewound:
    """The fit diverged at `step` and went back to `to_step` with a lower rate."""

    kind: ClassVar[str] = "rewound"
    fit: str
    step: int
    to_step: int
    lr_factor: float
    reason: str


@dataclass(frozen=True, slots=True)
class FitEnded:
    """A fit ended; `best_step` is the step whose average is returned."""

    kind: ClassVar[str] = "fit-ended"
    fit: str
    step: int
    best_step: int
    rule: str
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RefineStarted:
    """A classical estimate is being made, from a fit's result or without."""

    kind: ClassVar[str] = "refine-started"
    fit: str
    """Name of the estimate: the refine plugins, and `fit` where they had a pilot."""
    step: int = 0


@dataclass(frozen=True, slots=True)
class RefineDone:
    """A classical estimate is there."""

    kind: ClassVar[str] = "refine-done"
    fit: str
    seconds: float
    measures: dict[str, float] = field(default_factory=dict)
    """Quality against the truth, where there is one: psnr."""
    validation: float | None = None
    """Error on the measurements kept back."""
    step: int = 0


Event = FitStarted | StepDone | Rewound | FitEnded | RefineStarted | RefineDone
Observer = Callable[[Event], None]

_REFINES = (RefineStarted, RefineDone)
_KINDS: dict[str, type[Event]] = {
    event.kind: event
    for event in (FitStarted, StepDone, Rewound, FitEnded, RefineStarted, RefineDone)
}


def to_json(event: Event) -> dict[str, Any]:
    """Return an event as a JSON object with its kind under `event`.

    JSON knows no infinity, which the PSNR of an exact picture is: it is left out, or null.
    """
    values = {name: _finite(value) for name, value in asdict(event).items()}
    return {"event": event.kind, **values}


def _finite(value: Any) -> Any:
    match value:
        case dict():
            return {name: one for name, one in value.items() if _finite(one) is not None}
        case float() if not math.isfinite(value):
            return None
    return value


class EventLog:
    """Keeps events in a file, one JSON object a line.

    Raises RunError where the folder does not take it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with _writing(path):
            earlier = list(read_events(path))
            # Classical estimates are not kept from session to session: they are made again.
            if any(isinstance(event, _REFINES) for event in earlier) or _is_cut_off(path):
                _rewrite(path, [e for e in earlier if not isinstance(e, _REFINES)])
            self._fits = {event.fit for event in earlier}
            self._file = path.open("a", encoding="utf-8")

    def __call__(self, event: Event) -> None:
        """Write one event; its line is complete before the next step.

        A fit that goes on from a checkpoint takes back what was logged after it.
        """
        with _writing(self._path):
            # Most fits are new: a picture in tiles has hundreds, and a log of thousands of lines.
            if isinstance(event, FitStarted) and event.fit in self._fits:
                self._file.close()
                _rewrite(self._path, _until(event, read_events(self._path)))
                self._file = self._path.open("a", encoding="utf-8")
            self._file.write(json.dumps(to_json(event), allow_nan=False) + "\n")
            self._file.flush()
            self._fits.add(event.fit)

    def events(self) -> list[Event]:
        """Return everything logged so far, earlier sessions included."""
        return list(read_events(self._path))

    def close(self) -> None:
        """Close the file."""
        # What a full disk has not taken was an error when it was written.
        with suppress(OSError):
            self._file.close()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn an error of the file system into a RunError that names the log."""
    try:
        yield
    except OSError as error:
        raise RunError(f"cannot write '{path}': {error.strerror or error}") from None


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of a log; lines that a crash has cut off or damaged are left out."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.endswith("\n"):
                return
            try:
                values = json.loads(line)
            except ValueError:
                continue
            if not isinstance(values, dict):
                continue
            kind = _KINDS.get(values.pop("event", ""))
            if kind is not None:
                yield kind(**values)


def _until(start: FitStarted, events: Iterable[Event]) -> list[Event]:
    """Return what other fits told, and this one until the state that it goes on from."""
    kept: list[Event] = []
    rewinds = 0
    for event in events:
        if event.fit == start.fit:
            step = event.step
            if isinstance(event, Rewound):
                rewinds, step = rewinds + 1, event.to_step
            later = (rewinds, step) > (start.rewinds, start.step)
            if later or isinstance(event, FitEnded):
                continue
        kept.append(event)
    return kept


def _is_cut_off(path: Path) -> bool:
    """Return whether the last line of a log is not complete."""
    return path.exists() and path.read_bytes()[-1:] not in (b"", b"\n")


def _rewrite(path: Path, events: list[Event]) -> None:
    text = "".join(json.dumps(to_json(event), allow_nan=False) + "\n" for event in events)
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")
