"""Curves over the iterations of a fit, as inline SVG that page styles colour."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Literal

from nasdip_core.report.axis import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Axis,
    Point,
    number,
    roomy,
    text,
)
from nasdip_core.report.units import count, duration

_MOST_POINTS = 400


@dataclass(frozen=True)
class Curve:
    """A named series; a value that is missing or not finite leaves a gap."""

    name: str
    points: Sequence[tuple[float, float | None]]
    abandoned: Sequence[Sequence[tuple[float, float | None]]] = ()
    """Stretches that a rewind took back, drawn faintly."""


@dataclass(frozen=True)
class Rewind:
    """A mark where a fit went back."""

    iteration: int
    words: str


def chart(
    title: str,
    curves: Sequence[Curve],
    *,
    meaning: str = "",
    log: bool = False,
    chosen: int | None = None,
    best: Point | None = None,
    rewinds: Sequence[Rewind] = (),
    clock: Sequence[tuple[int, float]] = (),
    x_name: Literal["iteration", "time"] = "iteration",
) -> str:
    """Return a `<figure>` of curves over iterations, or nothing where no value is finite.

    `x_name` "time" takes the horizontal axis for seconds.

    `log` asks for a logarithmic axis, taken where every value is positive. `chosen` is the
    iteration marked by a vertical line, `best` a point marked by a ring, `clock` the pairs
    (iteration, seconds) from which a second scale is made.
    """
    drawn = [
        (index, faint, piece)
        for index, curve in enumerate(curves)
        for faint, run in (*((True, run) for run in curve.abandoned), (False, curve.points))
        for piece in _finite(run)
    ]
    points = [point for _, _, piece in drawn for point in piece]
    if not points:
        return ""
    values = [y for _, y in points]
    last = max([1.0, *(x for x, _ in points)])
    x_axis = Axis(0.0, last, LEFT, RIGHT)
    y_axis = roomy(min(values), max(values), BOTTOM, TOP, log=log and min(values) > 0)

    parts = [*_grid(x_axis, y_axis, clock, x_name)]
    parts += [_rewind(x_axis.at(rewind.iteration), rewind) for rewind in rewinds]
    for index, faint, piece in drawn:
        kind = f"curve c{index % 6}" + (" abandoned" if faint else "")
        parts.append(_line([(x_axis.at(x), y_axis.at(y)) for x, y in thin(piece)], kind))
    if chosen is not None:
        parts += _marker(x_axis.at(min(chosen, last)), chosen)
    if best is not None:
        x, y = x_axis.at(best[0]), min(max(y_axis.at(best[1]), TOP), BOTTOM)
        parts.append(f'<circle class="best" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>')

    keys = "".join(
        f'<span class="key c{index % 6}">{escape(curve.name)}</span>'
        for index, curve in enumerate(curves)
        if len(curves) > 1
    )
    keys += '<span class="key best">best</span>' if best is not None else ""
    keys += '<span class="key rewind">rewound</span>' if rewinds else ""
    length = duration(last) if x_name == "time" else f"{count(int(last))} iterations"
    summary = f"{title}: {number(min(values))} to {number(max(values))}, {length}"
    return (
        f'<figure class="chart"><figcaption><h3>{escape(title)}</h3>{keys}'
        f"<p>{escape(meaning)}</p></figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{escape(summary)}</title>'
        + "".join(parts)
        + "</svg></figure>"
    )


def thin(points: Sequence[Point]) -> list[Point]:
    """Return at most about 400 points: first, last, and the extremes of equal stretches."""
    if len(points) <= _MOST_POINTS:
        return list(points)
    stretches = _MOST_POINTS // 2
    kept = {0, len(points) - 1}
    for stretch in range(stretches):
        indices = range(
            stretch * len(points) // stretches, (stretch + 1) * len(points) // stretches
        )
        kept.add(min(indices, key=lambda index: points[index][1]))
        kept.add(max(indices, key=lambda index: points[index][1]))
    return [points[index] for index in sorted(kept)]


def _finite(run: Sequence[tuple[float, float | None]]) -> Iterator[list[Point]]:
    """Yield the stretches without a gap."""
    for present, stretch in groupby(run, lambda point: _is_finite(point[1])):
        if present:
            yield [(x, y) for x, y in stretch if y is not None]


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _grid(
    x_axis: Axis, y_axis: Axis, clock: Sequence[tuple[int, float]], x_name: str
) -> Iterator[str]:
    for tick in y_axis.ticks(4):
        y = y_axis.at(tick)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
        yield text(LEFT - 7, y + 4, number(tick), "end")
    yield f'<path class="axis" d="M{LEFT} {BOTTOM}H{RIGHT}"/>'
    seconds = dict(clock)
    yield text(4, BOTTOM + 19, x_name, "start", "unit")
    if seconds:
        yield text(4, BOTTOM + 37, "time", "start", "unit")
    for tick in x_axis.ticks(4):
        if tick <= 0 or tick != round(tick):
            continue
        x = x_axis.at(tick)
        yield f'<path class="axis" d="M{x:.1f} {BOTTOM}v4"/>'
        words = duration(tick) if x_name == "time" else count(round(tick))
        yield text(x, BOTTOM + 19, words, "middle")
        if seconds:
            yield text(x, BOTTOM + 37, duration(_time_at(seconds, tick)), "middle", "unit")


def _time_at(seconds: dict[int, float], iteration: float) -> float:
    """Return the seconds at an iteration, on the straight line between two reports."""
    known = sorted({0: 0.0, **seconds}.items())
    index = min(bisect_left(known, (iteration, -math.inf)), len(known) - 1)
    (x0, y0), (x1, y1) = known[max(index - 1, 0)], known[index]
    return y1 if x1 <= x0 or iteration >= x1 else y0 + (y1 - y0) * (iteration - x0) / (x1 - x0)


def _line(places: Sequence[Point], kind: str) -> str:
    if len(places) == 1:
        (x, y) = places[0]
        return f'<circle class="{kind} dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
    coordinates = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline class="{kind}" points="{coordinates}"/>'


def _marker(x: float, iteration: int) -> Iterator[str]:
    """Yield the line at the chosen iteration, its label above the plot."""
    anchor = "start" if x < LEFT + 60 else "end" if x > RIGHT - 60 else "middle"
    yield f'<path class="chosen" data-iteration="{iteration}" d="M{x:.1f} {TOP - 4}V{BOTTOM}"/>'
    yield text(x, TOP - 10, f"chosen: {count(iteration)}", anchor, "chosen-label")


def _rewind(x: float, rewind: Rewind) -> str:
    return (
        f'<path class="rewind" d="M{x:.1f} {TOP}V{BOTTOM}">'
        f"<title>{escape(rewind.words)}</title></path>"
    )
