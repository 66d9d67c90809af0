"""Plot of benchmarks/time_to_quality.py: quality against seconds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from time_to_quality_outcomes import RIVALS, Outcomes, reference

COLOURS = {"fast": "C1", "balanced": "C0", "best": "C3", "dip": "0.45"}


def plot(outcomes: Outcomes, path: Path) -> None:
    """Draw quality against seconds, a panel a damage, of one picture: with a reference if any."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    damages = [d for d in RIVALS if any(key[0] == d for key in outcomes)]
    figure, panels = plt.subplots(1, len(damages), figsize=(3.6 * len(damages), 3.8), squeeze=False)
    for panel, damage in zip(panels[0], damages, strict=True):
        names = [name for d, name, _ in outcomes if d == damage]
        name = max(
            dict.fromkeys(names),
            key=lambda n: (n.endswith("256"), bool(reference(damage, n)), names.count(n)),
        )
        own = {m: o for (d, n, m), o in outcomes.items() if (d, n) == (damage, name)}
        draw(panel, damage, name, own)
    panels[0][0].set_ylabel("PSNR, dB")
    figure.tight_layout()
    figure.savefig(path)


def draw(panel: Any, damage: str, name: str, own: Mapping[str, Any]) -> None:
    """Draw one panel: fits as lines, a preset's filter as a triangle, results as dots."""
    steps = [s for o in own.values() for s in o.get("dip_seconds_per_iteration", [])]
    curve = reference(damage, name)
    if curve and steps:
        step = median(steps)
        places = [i * step for i, _ in curve]
        panel.plot(places, [p for _, p in curve], label="dip", color=COLOURS["dip"])
    others = iter(f"C{i}" for i in (2, 4, 5, 6, 8, 9, 7))
    for method, outcome in own.items():
        points: Sequence[Any] = [p for p in outcome["curve"] if p[1] is not None]
        if method == "dip" and curve:
            continue
        colour = COLOURS.get(method) or next(others)
        for fit in fits_of(points):
            panel.plot([p[0] for p in fit], [p[1] for p in fit], color=colour, lw=1.2)
        for seconds, psnr, step in points[:-1]:
            if not step:
                panel.plot(seconds, psnr, "^", color=colour, ms=5)
        panel.plot(points[-1][0], points[-1][1], "o", color=colour, label=method, ms=6)
    panel.set_xscale("log")
    panel.xaxis.set_minor_formatter("")
    panel.set_title(f"{damage}, {name} px")
    panel.set_xlabel("seconds, one core")
    panel.grid(alpha=0.3)
    panel.legend(fontsize=7)


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
