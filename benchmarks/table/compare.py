"""Compare search strategies on the table: regret against trials, over many seeds.

Every network was fitted, see `measured.py`. A search is told of one picture: even seeds of picture
0, odd ones of picture 1. Its regret is what the best that it was told of lacks there; the same
network is held against the best on the other picture, too, where what was lucky gains nothing.

    python benchmarks/table/compare.py run [--work DIR] [--strategies random evolution ...]
    python benchmarks/table/compare.py report [--work DIR] [--strategies ...] [--control random]
        [--plot FILE]

A strategy has its defaults, or options beside them: `evolution:population=40,sample=10`. `run`
makes a file for every space, task, strategy and twenty seeds; the same command goes on where it was
stopped, makes anew what was made of another table, options or seeds, and may run several times at
once. `report` prints the comparison in Markdown and draws it.
"""

import argparse
from pathlib import Path

import numpy as np
from contests import (
    JUDGED,
    MARKS,
    SEEDS,
    Found,
    Outcome,
    Unit,
    collected,
    contender,
    run,
    units,
)
from judging import ENOUGH, beats, gain, gains, ranks, told
from measured import SPACES, Measured
from replay import Array, half
from table import FILE, Table

WORK = Path(__file__).with_name("strategies")
SHOWN = (20, 50, 100, 200)
"""Those that the report shows."""
CONTROL = "random"
TUNED_ON = "denoise"
"""The task that `tune.py` chooses options by: no strategy is ranked by it."""


def report(
    every: list[Unit], table: Path, work: Path, plot: Path | None, control: str = CONTROL
) -> None:
    """Print the comparison; raises ValueError where nothing was run."""
    found, loaded = collected(every, table, work), Table(table)
    for where in found:
        measured = Measured(loaded, *where)
        print(f"{', '.join(where)}: {measured.known} of {measured.space.size} networks were fitted")
    print()
    columns = [f"regret at {trials}" for trials in SHOWN]
    columns += [f"beats {control} at {JUDGED}", f"on the other picture at {JUDGED}"]
    print("| space | task | strategy | seeds | ms a trial | " + " | ".join(columns) + " |")
    print("|---" * (5 + len(columns)) + "|")
    for (space, task), by_name in found.items():
        held_against = by_name.get(control)
        for name, one in by_name.items():
            cells = [regret(one.regrets[:, MARKS.index(trials)]) for trials in SHOWN]
            against = "control"
            if name != control:
                against = "no control" if held_against is None else _against(one, held_against)
            cells += [against, regret(one.elsewhere[:, MARKS.index(JUDGED)])]
            cells = [space, task, name, f"{len(one.regrets)}", f"{one.milliseconds:.1f}", *cells]
            print(f"| {' | '.join(cells)} |")
    judging = {where: by_name for where, by_name in found.items() if where[1] != TUNED_ON}
    if judging and all(control in by_name for by_name in judging.values()):
        print(f"\nOver all spaces and tasks but {TUNED_ON}, which options are tuned on:\n")
        print("\n".join(_ranks(judging, control)))
    if plot is not None:
        draw(found, plot, control)


def regret(column: Array) -> str:
    """Return mean and half the width of the 95 % confidence band."""
    return f"{column.mean():.3f} ± {half(column):.3f}"


def _against(one: Outcome, control: Outcome) -> str:
    """Return the chance that a run beats one of the control, and whether that may be luck.

    Of few runs the test, which takes their number for large, says nothing.
    """
    ours, theirs = one.judged(), control.judged()
    chance, p = beats(ours, theirs)
    few = min(len(runs) for runs in (*ours, *theirs)) < ENOUGH
    return f"{chance:.2f} ({'too few runs' if few else f'p {p:.1g}'})"


def _names(found: Found) -> list[str]:
    """Return the contenders in order."""
    return list(dict.fromkeys(name for by_name in found.values() for name in by_name))


def _ranks(found: Found, control: str) -> list[str]:
    """Return mean rank and gain over the control of each strategy, over spaces and tasks."""
    shared = [n for n in _names(found) if all(n in by_name for by_name in found.values())]
    means = np.array(
        [
            [1 - gain(by_name[n].judged(), by_name[control].judged()) for n in shared]
            for by_name in found.values()
        ]
    )
    lines = [
        f"| strategy | mean rank at {JUDGED} | regret less than {control}'s by "
        "| on the other picture |",
        "|---|---|---|---|",
    ]
    mean_ranks = ranks(means)
    for place in mean_ranks.argsort(kind="stable"):
        name = shared[place]
        cells = [name, f"{mean_ranks[place]:.1f}"]
        for elsewhere in (False, True):
            contests = [
                (
                    by_name[name].judged(elsewhere=elsewhere),
                    by_name[control].judged(elsewhere=elsewhere),
                )
                for by_name in found.values()
            ]
            gained = gains(contests, np.random.default_rng(0))
            cells += ["" if name == control else told(gained)]
        lines += [f"| {' | '.join(cells)} |"]
    return lines


def draw(found: Found, file: Path, control: str) -> None:
    """Draw mean regret with its 95 % band against trials, a panel a space and task.

    From where the strategies differ: with few trials all of them draw at random.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    tasks, names = sorted({task for _, task in found}), _names(found)
    spaces = [space for space in SPACES if any(space == have for have, _ in found)]
    figure, panels = pyplot.subplots(
        len(spaces), len(tasks), figsize=(4 * len(tasks), 3.2 * len(spaces)), squeeze=False
    )
    late = slice(MARKS.index(10), None)
    trials = MARKS[late]
    for (space, task), by_name in found.items():
        panel = panels[spaces.index(space), tasks.index(task)]
        for name, one in by_name.items():
            mean = one.regrets.mean(axis=0)[late]
            band = half(one.regrets)[late]
            colour = f"C{names.index(name)}"
            style = "--" if name == control else "-"
            panel.plot(trials, mean, style, color=colour, label=f"{name} ({len(one.regrets)})")
            panel.fill_between(trials, mean - band, mean + band, color=colour, alpha=0.2, lw=0)
        panel.set(title=f"{space}, {task}", xlabel="trials", ylabel="regret, dB", xscale="log")
        panel.grid(alpha=0.3)
    panels[0, 0].legend(title="strategy (seeds)", fontsize="small")
    figure.tight_layout()
    figure.savefig(file, dpi=110)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("run", "report"))
    parser.add_argument("--table", type=Path, default=FILE)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--strategies", nargs="+", type=contender, default=[*map(contender, SEEDS)])
    parser.add_argument("--spaces", nargs="+", choices=SPACES, default=list(SPACES))
    parser.add_argument("--units", type=int, help="stop after so many")
    parser.add_argument("--control", default=CONTROL, help="what the others are held against")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    every = units(options.strategies, options.spaces, Table(options.table).tasks)
    if options.action == "run":
        run(every, options.table, options.work, options.units)
        return
    try:
        report(every, options.table, options.work, options.plot, options.control)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
