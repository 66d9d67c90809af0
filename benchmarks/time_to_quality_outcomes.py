"""What benchmarks/time_to_quality.py has measured, unit by unit, and how it compares."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

CURVES = Path(__file__).parent / "reference"
PRESETS = ("fast", "balanced", "best")
RATIOS = (("fast", 600, 120), ("balanced", 1000, 50))
"""Preset, iteration of `dip` whose quality is to be reached, and how many times sooner."""
GOALS = {**{name: goal for name, _, goal in RATIOS}, "best": 20}
"""How many times sooner a preset should be there; `best` 1 dB above the best of `dip`."""
DIP = "dip at its best"
"""Of the 1,600 iterations of its reference curve; more of them might be better."""
RIVALS = {
    "denoise": (DIP, "non-local-means", "collaborative"),
    "inpaint": (DIP, "biharmonic", "collaborative"),
    "text": (DIP, "biharmonic", "collaborative"),
    "holes": ("biharmonic", "collaborative"),
    "super-resolution": ("lanczos", "back-projection"),
}

Outcomes = Mapping[tuple[str, str, str], Any]
"""(damage, picture and size, method) -> outcome."""


def place(outcome: Mapping[str, Any]) -> str:
    """Return the picture and its size."""
    return f"{outcome['unit']['picture']} {outcome['unit']['side']}"


def self_stopped(outcome: Mapping[str, Any]) -> float:
    """Return the PSNR of what a method has handed back."""
    return float(outcome["quality"]["self_stopped"])


def quality_of(rival: str, damage: str, name: str, outcomes: Outcomes) -> float | None:
    """Return a rival's PSNR; that of `dip` is the best of its committed curve."""
    if rival == DIP:
        return max((psnr for _, psnr in reference(damage, name)), default=None)
    outcome = outcomes.get((damage, name, rival))
    return None if outcome is None else self_stopped(outcome)


def margins_of(outcomes: Outcomes, damage: str, method: str, rival: str, side: int) -> list[float]:
    """Return by how much a method is above a rival, picture by picture of a size."""
    pairs = [
        (self_stopped(outcome), quality_of(rival, damage, name, outcomes))
        for (d, name, m), outcome in outcomes.items()
        if (d, m) == (damage, method) and name.endswith(f" {side}")
    ]
    return [ours - theirs for ours, theirs in pairs if theirs is not None]


@dataclass(frozen=True)
class Race:
    """A preset on the way to the quality that `dip` has at some iteration, on one picture."""

    name: str
    iteration: int
    quality: float
    """PSNR in dB."""
    theirs: float
    """Seconds that `dip` takes for it."""
    handed_back: float | None
    """Seconds after which the preset has handed back something as good; None: it never does."""
    first: float | None
    """Seconds until something was as good, as only the truth tells: mostly the first filter."""
    network: float | None
    """The same by the fits alone, from when the first one began."""

    def times_sooner(self, ours: float | None) -> float:
        """Return theirs by ours; 0 where the preset never gets there."""
        return 0.0 if ours is None else self.theirs / ours


def races(outcomes: Outcomes, damage: str, preset: str) -> list[Race]:
    """Return a preset's race against `dip` on every picture where the latter is known.

    That of `best` is to 1 dB above what `dip` has at its best.
    """
    goals = {name: iteration for name, iteration, _ in RATIOS}
    found = []
    for (d, name, method), outcome in outcomes.items():
        # A short run of `dip` of this very bench serves where there is no reference.
        curve = dict(reference(damage, name) or observed(outcomes, damage, name))
        if (d, method) != (damage, preset) or not curve:
            continue
        if preset in goals:
            at = min(goals[preset], max(curve))
            quality = curve[at]
        else:
            at = max(curve, key=curve.__getitem__)
            quality = curve[at] + 1
        race = Race(
            name=name,
            iteration=at,
            quality=quality,
            theirs=at * median(outcome["dip_seconds_per_iteration"]),
            handed_back=outcome["seconds"] if self_stopped(outcome) >= quality else None,
            first=seconds_to(outcome, quality),
            network=seconds_to(outcome, quality, network=True),
        )
        found.append(race)
    return found


def seconds_to(
    outcome: Mapping[str, Any], quality: float, *, network: bool = False
) -> float | None:
    """Return when a quality was there; None: never.

    With `network`, only what the fits say counts, and the time since the first one began.
    """
    points = [point for point in outcome["curve"] if point[1] is not None]
    begun = 0.0
    if network:
        first = next(i for i, point in enumerate(points) if point[2])
        begun = points[first - 1][0] if first else 0.0
        points = [point for point in points if point[2]]
    return next((seconds - begun for seconds, psnr, _ in points if psnr >= quality), None)


def reference(damage: str, name: str) -> list[tuple[int, float]]:
    """Return (iteration, the better PSNR of raw and averaged output) of `dip`; empty: not there."""
    picture, side = name.rsplit(" ", 1)
    path = CURVES / f"{damage}-{picture}-{side}px-seed-0.csv"
    if not path.exists():
        return []
    with path.open() as lines:
        rows = csv.DictReader(lines)
        return [(int(r["step"]), max(float(r["raw"]), float(r["average"]))) for r in rows]


def observed(outcomes: Outcomes, damage: str, name: str) -> list[tuple[int, float]]:
    """Return (iteration, PSNR of the average) of the unit of `dip` in this bench; empty: none."""
    outcome = outcomes.get((damage, name, "dip"))
    if outcome is None:
        return []
    return [(int(step), psnr) for _, psnr, step in outcome["curve"] if step]
