"""Which trials of a study are the best: by the search itself, then by the last comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from optuna.study import Study

from nasdip_core.study.records import Record

CANDIDATES = 5
"""Trials that the last comparison looks at again."""
_BEST = "nasdip:best"
"""Attribute of a study: what the last comparison has found."""


@dataclass(frozen=True, slots=True)
class Place:
    """One candidate of the last comparison."""

    slot: int
    values: tuple[float, ...]
    """Its reward by fresh seed, those that could be had."""

    @property
    def mean(self) -> float:
        """Return the mean reward; minus infinity where every fit failed."""
        return fmean(self.values) if self.values else float("-inf")


def finalists(records: Sequence[Record]) -> list[Record]:
    """Return the best of the trials that were trained to the end, the best first."""
    done = [r for r in records if r.state == "done" and not r.duplicate and r.value is not None]
    return sorted(done, key=lambda r: (-(r.value or 0.0), r.slot))[:CANDIDATES]


def note_places(study: Study, places: Sequence[Place]) -> None:
    """Note what the last comparison has found, the best first."""
    study.set_user_attr(_BEST, [{"slot": p.slot, "values": list(p.values)} for p in places])


def places_of(study: Study, records: Sequence[Record]) -> list[Place] | None:
    """Return the candidates, the best first; None while those of now are not compared."""
    found = [
        Place(place["slot"], tuple(place["values"])) for place in study.user_attrs.get(_BEST, [])
    ]
    if {place.slot for place in found} != {record.slot for record in finalists(records)}:
        return None
    return found
