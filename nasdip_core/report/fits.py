"""How the fits of a run went: charts and how each one ended."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Literal

from nasdip_core.fit.events import Event
from nasdip_core.report.axis import Point
from nasdip_core.report.curves import Curve, chart
from nasdip_core.report.history import History, histories
from nasdip_core.report.units import count, duration


def fits_body(events: Sequence[Event], oracle: Point | None) -> str:
    """Return the charts of every fit, folded where there are several; nothing without reports.

    `oracle` is the (iteration, PSNR) of the best iterate, marked where there is one fit.
    """
    found = histories(events)
    best = oracle if len(found) == 1 else None
    bodies = [(history, "".join(_charts(history, best))) for history in found]
    bodies = [(history, body) for history, body in bodies if body]
    if len(bodies) == 1:
        return "".join(_ending(history) + _grid(body) for history, body in bodies)
    return "".join(
        f"<details{' open' if index == 0 else ''}><summary>{escape(history.fit)}</summary>"
        f"{_ending(history)}{_grid(body)}</details>"
        for index, (history, body) in enumerate(bodies)
    )


def _grid(charts: str) -> str:
    return f'<div class="charts">{charts}</div>'


def _ending(history: History) -> str:
    ended = history.ended
    if ended is None:
        return "<p>The fit was interrupted.</p>"
    return (
        f"<p>The rule <code>{escape(ended.rule)}</code> chose iteration {count(ended.best_step)}; "
        f"the fit ended at {count(ended.step)} after {duration(ended.seconds)}: "
        f"{escape(ended.reason.rstrip('.'))}.</p>"
    )


def _charts(history: History, oracle: Point | None) -> Iterator[str]:
    """Yield the charts of one fit: loss, quality, validation, stopping statistic."""
    marks: dict[str, Any] = {
        "chosen": history.chosen,
        "rewinds": history.rewinds,
        "clock": history.clock,
    }
    total = history.curve("loss", lambda step: step.loss)
    players = history.names(lambda step: step.losses)
    several = [_named(history, name, "losses") for name in players if len(players) > 1]
    yield chart("Loss", [total, *several], meaning="What the fit minimises.", log=True, **marks)
    for name in history.names(lambda step: step.measures):
        yield chart(
            "PSNR, dB" if name == "psnr" else name.upper(),
            [_named(history, name, "measures")],
            meaning="Against the truth, which the fit never saw.",
            best=oracle if name == "psnr" else None,
            **marks,
        )
    validation = history.curve("validation", lambda step: step.validation)
    meaning = "Error on the measurements kept back: the fit never saw them."
    yield chart("Validation", [validation], meaning=meaning, log=True, **marks)
    # A rule that watches the validation itself has nothing more to show.
    if any(step.statistic not in (None, step.validation) for step in history.steps):
        statistic = history.curve("statistic", lambda step: step.statistic)
        rule = history.ended.rule if history.ended is not None else "the stopping rule"
        meaning = f"The number that {rule} watches."
        yield chart("Stopping statistic", [statistic], meaning=meaning, log=True, **marks)


def _named(history: History, name: str, numbers: Literal["losses", "measures"]) -> Curve:
    return history.curve(name, lambda step: getattr(step, numbers).get(name))
