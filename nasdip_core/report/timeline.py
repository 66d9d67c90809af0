"""Quality against seconds over a whole run: every fit, and every classical estimate."""

from collections.abc import Sequence

from nasdip_core.fit.events import Event, FitEnded, RefineDone, StepDone
from nasdip_core.report.curves import Curve, chart

_MOST_FITS = 5
"""More fits than this are tiles or an ensemble, whose curves hide each other."""


def timeline(events: Sequence[Event]) -> str:
    """Return the chart: PSNR where there is a truth, else the error on what was kept back."""
    measured = any("psnr" in e.measures for e in events if isinstance(e, StepDone | RefineDone))
    curves: dict[str, list[tuple[float, float | None]]] = {}
    elapsed = 0.0
    for event in events:
        match event:
            case StepDone():
                value = event.measures.get("psnr") if measured else event.validation
                curves.setdefault(event.fit, []).append((elapsed + event.seconds, value))
            case FitEnded():
                elapsed += event.seconds
            case RefineDone():
                elapsed += event.seconds
                value = event.measures.get("psnr") if measured else event.validation
                curves.setdefault(event.fit, []).append((elapsed, value))
    if not 1 <= len(curves) <= _MOST_FITS:
        return ""
    return chart(
        "Quality over time, dB" if measured else "Held-out error over time",
        [Curve(name, points) for name, points in curves.items()],
        meaning="PSNR against the truth, which nothing here saw."
        if measured
        else "Error on the measurements kept back, 1 at the noise level.",
        log=not measured,
        x_name="time",
    )
