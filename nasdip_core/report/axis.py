"""Scales of charts, and what is written along them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]
"""Place on the horizontal scale, and value."""

WIDTH, HEIGHT = 440, 250
LEFT, RIGHT, TOP, BOTTOM = 56, 412, 26, 202  # the plot within the picture


@dataclass(frozen=True)
class Axis:
    """A scale from values to places in the picture."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return the place of a value."""
        scale: Callable[[float], float] = math.log10 if self.log else float
        share = (scale(value) - scale(self.low)) / (scale(self.high) - scale(self.low))
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int) -> list[float]:
        """Return about so many round values."""
        if self.log:
            return self._log_ticks(about)
        step = 10 ** math.floor(math.log10((self.high - self.low) / about))
        step *= next(
            (factor for factor in (1, 2, 5) if (self.high - self.low) / (factor * step) <= about),
            10,
        )
        first = math.ceil(self.low / step - 1e-9)
        return [index * step for index in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def _log_ticks(self, about: int) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for factors in ((1,), (1, 3), (1, 2, 5)):
            ticks = [factor * 10.0**power for power in range(first, last) for factor in factors]
            ticks = [tick for tick in [*ticks, 10.0**last] if self.low <= tick <= self.high]
            if len(ticks) >= 3:
                return ticks[:: math.ceil(len(ticks) / (about + 1))]
        return Axis(self.low, self.high, self.start, self.end).ticks(about)


def roomy(low: float, high: float, start: float, end: float, *, log: bool = False) -> Axis:
    """Return an axis with some air on both sides of the values."""
    if log:
        air = max((high / low) ** 0.05, 1.05)
        return Axis(low / air, high * air, start, end, log=True)
    air = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return Axis(low - air, high + air, start, end)


def number(value: float) -> str:
    """Return a value as it is written beside an axis."""
    return f"{round(value, 12):.4g}"


def text(x: float, y: float, words: str, anchor: str, kind: str = "tick") -> str:
    """Return words in the picture; `anchor` is start, middle or end."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(words)}</text>'
