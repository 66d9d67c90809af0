"""Plot of benchmarks/time_to_quality.py: quality against seconds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from textwrap import fill
from typing import Any

from time_to_quality_outcomes import RIVALS, Outcomes, reference

COLOURS = {
    "fast": "C1",
    "balanced": "C0",
    "best": "C3",
    "dip": "0.45",
    "deep-decoder": "C5",
    "nas-dip": "C4",
    "collaborative": "C2",
    "non-local-means": "C6",
    "total-variation": "C8",
    "wavelet": "C9",
    "biharmonic": "C6",
    "back-projection": "C2",
    "lanczos": "C6",
    "bicubic": "C9",
}
"""Of no panel two are alike."""
COLUMNS = 3


def plot(outcomes: Outcomes, path: Path) -> None:
    """Draw quality against seconds, a panel a damage, of one picture: with a reference if any."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    damages = [d for d in RIVALS if any(key[0] == d for key in outcomes)]
    # One place more: that of the legend.
    rows = -(-(len(damages) + 1) // COLUMNS)
    figure, grid = plt.subplots(rows, COLUMNS, figsize=(4 * COLUMNS, 3.6 * rows), squeeze=False)
    panels = list(grid.flat)
    shown: dict[str, Any] = {}
    for panel, damage in zip(panels, damages, strict=False):
        names = [name for d, name, _ in outcomes if d == damage]
        name = max(
            dict.fromkeys(names),
            key=lambda n: (n.endswith("256"), bool(reference(damage, n)), names.count(n)),
        )
        own = {m: o for (d, n, m), o in outcomes.items() if (d, n) == (damage, name)}
        shown |= draw(panel, damage, name, own)
        panel.set_ylabel("PSNR, dB")
    for panel in panels[len(damages) :]:
        panel.axis("off")
    ordered = [name for name in COLOURS if name in shown]
    title = "line: fits; triangle: a filter's estimate on the way; dot: handed back"
    panels[-1].legend(
        [shown[name] for name in ordered], ordered, title=fill(title, 30), loc="center", ncols=2
    )
    figure.tight_layout()
    figure.savefig(path)


def draw(panel: Any, damage: str, name: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """Draw one panel; return what stands for each method."""
    shown = {}
    steps = [s for o in own.values() for s in o.get("dip_seconds_per_iteration", [])]
    curve = reference(damage, name)
    if curve and steps:
        step = median(steps)
        places = [i * step for i, _ in curve]
        (shown["dip"],) = panel.plot(places, [p for _, p in curve], color=COLOURS["dip"])
    for method, outcome in own.items():
        points: Sequence[Any] = [p for p in outcome["curve"] if p[1] is not None]
        if method == "dip" and curve:
            continue
        known = "nas-dip" if method.startswith("nas-dip") else method
        colour = COLOURS[known]
        for fit in fits_of(points):
            panel.plot([p[0] for p in fit], [p[1] for p in fit], color=colour, lw=1.2)
        for seconds, psnr, step in points[:-1]:
            if not step:
                panel.plot(seconds, psnr, "^", color=colour, ms=5)
        (shown[known],) = panel.plot(points[-1][0], points[-1][1], "o", color=colour, ms=6)
    panel.set_xscale("log")
    panel.xaxis.set_minor_formatter("")
    panel.set_title(f"{damage}, {name} px")
    panel.set_xlabel("seconds, one core")
    panel.grid(alpha=0.3)
    return shown


def fits_of(points: Sequence[Any]) -> list[list[Any]]:
    """Return the points of each fit: steps that go up."""
    found: list[list[Any]] = []
    last = 0
    for point in points:
        if not point[2]:
            continue
        if point[2] <= last or not found:
            found.append([])
        found[-1].append(point)
        last = point[2]
    return found
