"""Table and plot of benchmarks/time_to_quality.py: what was reached, and how much sooner."""

import json
import shutil
from itertools import product
from pathlib import Path
from statistics import median

from time_to_quality_outcomes import (
    GOALS,
    PRESETS,
    RIVALS,
    Outcomes,
    Race,
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
        "| at 128 px | worst | times sooner than `dip` | first estimate | network alone |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
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
            shown = [f"{ratio:.0f} (of {len(run)})" for ratio in medians(run)] or [""] * 3
            lines.append(
                f"| {damage} | `{preset}` | {seconds} | {psnr} | {classical} "
                f"| {' | '.join(above)} | {' | '.join(shown)} |"
            )
    return "\n".join(lines)


def medians(run: list[Race]) -> list[float]:
    """Return how many times sooner: handed back, first estimate, network alone; empty: no race."""
    if not run:
        return []
    return [
        median(race.times_sooner(ours) for race, ours in zip(run, one, strict=True))
        for one in (
            [race.handed_back for race in run],
            [race.first for race in run],
            [race.network for race in run],
        )
    ]


def sooner(outcomes: Outcomes) -> str:
    """Return the table of ratios: seconds of `dip` for a quality by ours for the same one."""
    lines = [
        "| damage | picture | preset | to be reached | `dip` takes | ours, handed back "
        "| times sooner | first estimate | network alone | goal |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for preset, goal in GOALS.items():
        for damage in RIVALS:
            run = races(outcomes, damage, preset)
            for race in run:
                above = ", 1 dB above" if preset == "best" else ""
                ours = "never" if race.handed_back is None else f"{race.handed_back:.1f} s"
                ratios = [
                    "never" if there is None else f"{race.times_sooner(there):.0f}"
                    for there in (race.handed_back, race.first, race.network)
                ]
                lines.append(
                    f"| {damage} | {race.name} | {preset} "
                    f"| {race.quality:.2f} dB (iteration {race.iteration}{above}) "
                    f"| {race.theirs:.0f} s | {ours} | {' | '.join(ratios)} | {goal} |"
                )
            if run:
                shown = " | ".join(f"**{ratio:.0f}**" for ratio in medians(run))
                lines.append(
                    f"| {damage} | **median of {len(run)}** | {preset} | | | | {shown} | {goal} |"
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
