"""Table and plot of benchmarks/time_to_quality.py: what was reached, and how much sooner."""

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parent.parent
CURVES = ROOT / "benchmarks" / "reference"
BEGIN, END = "<!-- time to quality: begin -->", "<!-- time to quality: end -->"
PRESETS = ("fast", "balanced", "best")
BASELINES = ("non-local-means", "biharmonic", "lanczos")
RATIOS = (("fast", 600, 120), ("balanced", 1000, 50))
"""Preset, iteration of `dip` whose quality is to be reached, and how many times sooner."""
RIVALS = {
    "denoise": ("dip peak", "non-local-means", "collaborative"),
    "inpaint": ("dip peak", "biharmonic", "collaborative"),
    "text": ("dip peak", "biharmonic", "collaborative"),
    "holes": ("biharmonic", "collaborative"),
    "super-resolution": ("lanczos", "back-projection"),
}
COLOURS = {"fast": "C1", "balanced": "C0", "best": "C3", "dip": "0.45"}


def report(folder: Path, *, readme: bool = False) -> None:
    """Write table.md, and plot.svg where matplotlib is installed; `readme`: for the README, too."""
    found = [json.loads(p.read_text()) for p in sorted((folder / "units").glob("*.json"))]
    outcomes = {(o["unit"]["damage"], place(o), o["unit"]["method"]): o for o in found}
    short = summary(outcomes)
    text = "\n\n".join([short, sooner(outcomes), reached(outcomes), gaps(outcomes)])
    (folder / "table.md").write_text(text + "\n")
    print(text)
    try:
        plot(outcomes, folder / "plot.svg")
    except ModuleNotFoundError:
        print("no plot: pip install '.[bench]'")
        return
    if readme:
        shutil.copy(folder / "plot.svg", ROOT / "docs" / "images" / "time-to-quality.svg")
        page = (ROOT / "README.md").read_text()
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        (ROOT / "README.md").write_text(f"{before}{BEGIN}\n{short}\n{END}{after}")


def summary(outcomes: Mapping[tuple[str, str, str], Any]) -> str:
    """Return the short table: a row a damage and preset, medians over pictures."""
    lines = [
        "| damage | preset | pictures | seconds at 256 px | PSNR | above the classical | worst "
        "| times sooner than `dip` | its network alone |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for damage, rivals in RIVALS.items():
        for preset in PRESETS:
            own = {n: o for (d, n, m), o in outcomes.items() if (d, m) == (damage, preset)}
            if not own:
                continue
            classical = [r for r in rivals if r in BASELINES]
            margins = [
                o["quality"]["self_stopped"] - theirs
                for n, o in own.items()
                for theirs in [quality_of(classical[0], damage, n, outcomes)]
                if theirs is not None
            ]
            large = [o["seconds"] for n, o in own.items() if n.endswith("256")]
            ratios = [ratios_of(outcomes, damage, preset, network=n) for n in (False, True)]
            shown = [f"{median(r):.0f} (of {len(r)})" if r else "" for r in ratios]
            psnr = median(o["quality"]["self_stopped"] for o in own.values())
            above = f"{classical[0]} {median(margins):+.2f} dB" if margins else ""
            lines.append(
                f"| {damage} | `{preset}` | {len(own)} | {f'{median(large):.0f}' if large else ''} "
                f"| {psnr:.2f} dB | {above} | {min(margins, default=0):+.2f} dB "
                f"| {' | '.join(shown)} |"
            )
    return "\n".join(lines)


def ratios_of(
    outcomes: Mapping[tuple[str, str, str], Any],
    damage: str,
    preset: str,
    *,
    network: bool = False,
) -> list[float]:
    """Return how many times sooner a preset is, picture by picture; 0 where it never is."""
    goals = {name: iteration for name, iteration, _ in RATIOS}
    found = []
    for (d, name, method), outcome in outcomes.items():
        curve = dict(reference(damage, name) or observed(outcomes, damage, name))
        if (d, method) != (damage, preset) or preset not in goals or not curve:
            continue
        # A short run of `dip` of this very bench serves where there is no reference.
        at = min(goals[preset], max(curve))
        ours = seconds_to(outcome, curve[at], network=network)
        theirs = at * median(outcome["dip_seconds_per_iteration"])
        found.append(0.0 if ours is None else theirs / ours)
    return found


def place(outcome: Mapping[str, Any]) -> str:
    """Return the picture and its size."""
    return f"{outcome['unit']['picture']} {outcome['unit']['side']}"


def reference(damage: str, name: str) -> list[tuple[int, float]]:
    """Return (iteration, the better PSNR of raw and averaged output) of `dip`; empty: not there."""
    picture, side = name.rsplit(" ", 1)
    path = CURVES / f"{damage}-{picture}-{side}px-seed-0.csv"
    if not path.exists():
        return []
    with path.open() as lines:
        rows = csv.DictReader(lines)
        return [(int(r["step"]), max(float(r["raw"]), float(r["average"]))) for r in rows]


def observed(
    outcomes: Mapping[tuple[str, str, str], Any], damage: str, name: str
) -> list[tuple[int, float]]:
    """Return (iteration, PSNR of the average) of the unit of `dip` in this bench; empty: none."""
    outcome = outcomes.get((damage, name, "dip"))
    if outcome is None:
        return []
    return [(int(step), psnr) for _, psnr, step in outcome["curve"] if step]


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


def sooner(outcomes: Mapping[tuple[str, str, str], Any]) -> str:
    """Return the table of ratios: seconds of `dip` for a quality by ours for the same one."""
    lines = [
        "| damage | picture | preset | quality of `dip` | it takes | ours | times sooner "
        "| network alone | goal |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for preset, iteration, goal in RATIOS:
        for damage in RIVALS:
            ratios = []
            for (d, name, method), outcome in outcomes.items():
                curve = dict(reference(damage, name) or observed(outcomes, damage, name))
                if (d, method) != (damage, preset) or not curve:
                    continue
                # A short run of `dip` of this very bench serves where there is no reference.
                at = min(iteration, max(curve))
                step = median(outcome["dip_seconds_per_iteration"])
                ours, theirs = seconds_to(outcome, curve[at]), at * step
                ratios.append(0.0 if ours is None else theirs / ours)
                shown = "never" if ours is None else f"{ours:.1f} s"
                alone = seconds_to(outcome, curve[at], network=True)
                lines.append(
                    f"| {damage} | {name} | {preset} | {curve[at]:.2f} dB (iteration {at}) "
                    f"| {theirs:.0f} s | {shown} | {ratios[-1]:.0f} "
                    f"| {'never' if alone is None else f'{theirs / alone:.0f}'} | {goal} |"
                )
            if ratios:
                lines.append(
                    f"| {damage} | **median of {len(ratios)}** | {preset} | | | "
                    f"| **{median(ratios):.0f}** | | {goal} |"
                )
    return "\n".join(lines)


def reached(outcomes: Mapping[tuple[str, str, str], Any]) -> str:
    """Return the table of self-stopped quality: ours, and how far above the rivals."""
    lines = ["| damage | picture | method | PSNR | seconds | above |", "|---|---|---|---|---|---|"]
    for damage, rivals in RIVALS.items():
        margins: dict[tuple[str, str], list[float]] = {}
        for (d, name, method), outcome in outcomes.items():
            if d != damage:
                continue
            psnr = outcome["quality"]["self_stopped"]
            above = []
            for rival in rivals if method in PRESETS else ():
                theirs = quality_of(rival, damage, name, outcomes)
                if theirs is not None:
                    margins.setdefault((method, rival), []).append(psnr - theirs)
                    above.append(f"{rival} {psnr - theirs:+.2f}")
            lines.append(
                f"| {damage} | {name} | {method} | {psnr:.2f} dB | {outcome['seconds']:.1f} "
                f"| {', '.join(above)} |"
            )
        for (method, rival), values in margins.items():
            lines.append(
                f"| {damage} | **median of {len(values)}** | {method} | | | {rival} "
                f"**{median(values):+.2f} dB**, worst {min(values):+.2f} |"
            )
    return "\n".join(lines)


def quality_of(
    rival: str, damage: str, name: str, outcomes: Mapping[tuple[str, str, str], Any]
) -> float | None:
    """Return a rival's PSNR; that of `dip` is the best of its committed curve."""
    if rival == "dip peak":
        return max((psnr for _, psnr in reference(damage, name)), default=None)
    outcome = outcomes.get((damage, name, rival))
    return None if outcome is None else float(outcome["quality"]["self_stopped"])


def gaps(outcomes: Mapping[tuple[str, str, str], Any]) -> str:
    """Return what stopping blind cost: the fits as stopped against their best, not refined."""
    lines = [
        "| preset | damage | fits | median gap to the oracle | worst |",
        "|---|---|---|---|---|",
    ]
    for preset in PRESETS:
        for damage in RIVALS:
            found = [
                o["quality"]["oracle"] - part["quality"]["psnr"]
                for (d, _, method), o in outcomes.items()
                if (d, method) == (damage, preset)
                for part in o["parts"]
                if part["name"] == "fit"
            ]
            if found:
                lines.append(
                    f"| {preset} | {damage} | {len(found)} | {median(found):.2f} dB "
                    f"| {max(found):.2f} dB |"
                )
    return "\n".join(lines)


def plot(outcomes: Mapping[tuple[str, str, str], Any], path: Path) -> None:
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


if __name__ == "__main__":
    import sys

    report(Path(sys.argv[1]))
