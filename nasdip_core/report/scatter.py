"""Points by kind, and a staircase over them, as inline SVG that page styles colour."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
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
from nasdip_core.report.units import count

# As one path a kind: a mark is a few bytes, so that ten thousand are a small file.
_SHAPES = {
    "dot": "h0",  # a round cap and nothing else
    "ring": "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    "dash": "m-3 0h6",
    "cross": "m-3-3l6 6m0-6l-6 6",
    "tick": "m0-3v6",
}
_MANY = 300
"""More marks of a kind than this are drawn smaller."""
_LANE = 24
"""Height of the lane of points without a value."""


@dataclass(frozen=True)
class Marks:
    """Points of one kind; one without a value stands in a lane under the scale."""

    name: str
    shape: Literal["dot", "ring", "dash", "cross", "tick"]
    colour: str
    """A class of the style: c0 to c5, mark or faint."""
    points: Sequence[tuple[float, float | None]]


@dataclass(frozen=True)
class Stairs:
    """A value that holds until the next point."""

    name: str
    points: Sequence[Point]


def scatter(
    title: str,
    marks: Sequence[Marks],
    stairs: Stairs,
    *,
    x_name: str,
    meaning: str = "",
    log: bool = False,
    words: Callable[[float], str] = lambda value: count(round(value)),
) -> str:
    """Return a `<figure>` of points, or nothing where none has a value.

    `log` asks for a logarithmic horizontal axis, taken where every place is positive; `words`
    tells a place on it. All values must be finite.
    """
    marks = [kind for kind in marks if kind.points]
    places = [x for kind in marks for x, _ in kind.points]
    values = [y for kind in marks for _, y in kind.points if y is not None]
    if not values:
        return ""
    lane = any(y is None for kind in marks for _, y in kind.points)
    x_axis = roomy(min(places), max(places), LEFT, RIGHT, log=log and min(places) > 0)
    floor = BOTTOM - _LANE if lane else BOTTOM
    y_axis = roomy(min(values), max(values), floor, TOP)

    parts = [*_grid(x_axis, y_axis, x_name, words)]
    if lane:
        parts.append(f'<path class="grid" d="M{LEFT} {floor}H{RIGHT}"/>')
        parts.append(text(LEFT - 7, BOTTOM - _LANE / 2 + 4, "none", "end", "unit"))
    parts += [_marks(kind, x_axis, y_axis) for kind in marks]
    parts += _stairs(stairs.points, x_axis, y_axis)

    keys = "".join(_key(kind) for kind in marks)
    keys += f'<span class="key stairs">{escape(stairs.name)}</span>' if stairs.points else ""
    told = ", ".join(f"{count(len(kind.points))} {kind.name}" for kind in marks)
    summary = f"{title}: {told}; {number(min(values))} to {number(max(values))}"
    return (
        f'<figure class="chart"><figcaption><h3>{escape(title)}</h3>{keys}'
        f"<p>{escape(meaning)}</p></figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{escape(summary)}</title>'
        + "".join(parts)
        + "</svg></figure>"
    )


def _grid(x_axis: Axis, y_axis: Axis, x_name: str, words: Callable[[float], str]) -> Iterator[str]:
    for tick in y_axis.ticks(5):
        y = y_axis.at(tick)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
        yield text(LEFT - 7, y + 4, number(tick), "end")
    yield f'<path class="axis" d="M{LEFT} {BOTTOM}H{RIGHT}"/>'
    yield text(RIGHT, BOTTOM + 38, x_name, "end", "unit")
    for tick in x_axis.ticks(5):
        if tick < 0 or tick != round(tick):
            continue
        x = x_axis.at(tick)
        yield f'<path class="axis" d="M{x:.1f} {BOTTOM}v4"/>'
        yield text(x, BOTTOM + 19, words(tick), "middle")


def _marks(kind: Marks, x_axis: Axis, y_axis: Axis) -> str:
    lane = BOTTOM - _LANE / 2
    places = (
        f"M{x_axis.at(x):.1f} {lane if y is None else y_axis.at(y):.1f}{_SHAPES[kind.shape]}"
        for x, y in kind.points
    )
    size = " many" if len(kind.points) > _MANY else ""
    return f'<path class="marks {kind.shape} {kind.colour}{size}" d="{"".join(places)}"/>'


def _stairs(points: Sequence[Point], x_axis: Axis, y_axis: Axis) -> Iterator[str]:
    if points:
        (x, y), *others = [(x_axis.at(x), y_axis.at(y)) for x, y in points]
        steps = "".join(f"H{x:.1f}V{y:.1f}" for x, y in others)
        yield f'<path class="stairs" d="M{x:.1f} {y:.1f}{steps}H{RIGHT}"/>'


def _key(kind: Marks) -> str:
    mark = f'<path class="marks {kind.shape} {kind.colour}" d="M6 6{_SHAPES[kind.shape]}"/>'
    sign = f'<svg viewBox="0 0 12 12" aria-hidden="true">{mark}</svg>'
    return f'<span class="sign">{sign}{escape(kind.name)}</span>'
