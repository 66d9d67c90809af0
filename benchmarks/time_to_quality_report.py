"""Table and plot of benchmarks/time_to_quality.py: what was reached, and how much sooner."""

import json
import shutil
from itertools import product
from pathlib import Path
from statistics import median

from time_to_quality_outcomes import (
    PRESETS,
    RATIOS,
    RIVALS,
    Outcomes,
    margins_of,
    place,
    quality_of,
    races,
    self_stopped,
)
from time_to_quality_plot import plot

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- time to quality: begin -->", "<!-- time to quality: end -->"
BASELINES = ("non-local-means", "biharmonic", "lanczos")
SIDES = (256, 128)
"""Pixels of a side; on the small pictures everything is finer."""


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


def summary(outcomes: Outcomes) -> str:
    """Return the short table: a row a damage and preset, medians over pictures of one size."""
    lines = [
        "| damage | preset | seconds at 256 px | PSNR at 256 px | above | at 256 px | worst "
        "| at 128 px | worst | times sooner than `dip` | its network alone |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for damage, rivals in RIVALS.items():
        classical = next(r for r in rivals if r in BASELINES)
        for preset in PRESETS:
            own = {n: o for (d, n, m), o in outcomes.items() if (d, m) == (damage, preset)}
            if not own:
                continue
            large = [o for name, o in own.items() if name.endswith(" 256")]
            seconds = f"{median(o['seconds'] for o in large):.0f}" if large else ""
            psnr = f"{median(map(self_stopped, large)):.2f} dB" if large else ""
            above = [
                f"{median(margins):+.2f} dB (of {len(margins)}) | {min(margins):+.2f}"
                if margins
                else " | "
                for margins in (
                    margins_of(outcomes, damage, preset, classical, side) for side in SIDES
                )
            ]
            run = races(outcomes, damage, preset)
            shown = [
                f"{median(race.times_sooner(network=n) for race in run):.0f} (of {len(run)})"
                if run
                else ""
                for n in (False, True)
            ]
            lines.append(
                f"| {damage} | `{preset}` | {seconds} | {psnr} | {classical} "
                f"| {' | '.join(above)} | {' | '.join(shown)} |"
            )
    return "\n".join(lines)


def sooner(outcomes: Outcomes) -> str:
    """Return the table of ratios: seconds of `dip` for a quality by ours for the same one."""
    lines = [
        "| damage | picture | preset | quality of `dip` | it takes | ours | times sooner "
        "| network alone | goal |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for preset, _, goal in RATIOS:
        for damage in RIVALS:
            run = races(outcomes, damage, preset)
            for race in run:
                ours = "never" if race.ours is None else f"{race.ours:.1f} s"
                alone = (
                    "never" if race.network is None else f"{race.times_sooner(network=True):.0f}"
                )
                lines.append(
                    f"| {damage} | {race.name} | {preset} "
                    f"| {race.quality:.2f} dB (iteration {race.iteration}) | {race.theirs:.0f} s "
                    f"| {ours} | {race.times_sooner():.0f} | {alone} | {goal} |"
                )
            if run:
                lines.append(
                    f"| {damage} | **median of {len(run)}** | {preset} | | | "
                    f"| **{median(race.times_sooner() for race in run):.0f}** | | {goal} |"
                )
    return "\n".join(lines)


def reached(outcomes: Outcomes) -> str:
    """Return the table of self-stopped quality: ours, and how far above the rivals."""
    lines = ["| damage | picture | method | PSNR | seconds | above |", "|---|---|---|---|---|---|"]
    for damage, rivals in RIVALS.items():
        for (d, name, method), outcome in outcomes.items():
            if d != damage:
                continue
            psnr = self_stopped(outcome)
            found = {rival: quality_of(rival, damage, name, outcomes) for rival in rivals}
            above = [
                f"{rival} {psnr - theirs:+.2f}"
                for rival, theirs in found.items()
                if method in PRESETS and theirs is not None
            ]
            lines.append(
                f"| {damage} | {name} | {method} | {psnr:.2f} dB | {outcome['seconds']:.1f} "
                f"| {', '.join(above)} |"
            )
        for side, method, rival in product(SIDES, PRESETS, rivals):
            margins = margins_of(outcomes, damage, method, rival, side)
            if margins:
                lines.append(
                    f"| {damage} | **median of {len(margins)}, {side} px** | {method} | | "
                    f"| {rival} **{median(margins):+.2f} dB**, worst {min(margins):+.2f} |"
                )
    return "\n".join(lines)


def gaps(outcomes: Outcomes) -> str:
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


if __name__ == "__main__":
    import sys

    report(Path(sys.argv[1]))
