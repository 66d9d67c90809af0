"""Compare search strategies on the table: regret against trials, over many seeds.

Every network was fitted, see `measured.py`. A search is told of one picture, and the best that it
was told of is judged on the other, against the best there: what was lucky on the first picture
gains nothing. Even seeds are told of picture 0, odd ones of picture 1.

    python benchmarks/table/compare.py run [--work DIR] [--strategies random evolution ...]
    python benchmarks/table/compare.py report [--work DIR] [--plot FILE]

`run` makes a file for every space, task, strategy and twenty seeds; the same command goes on where
it was stopped, and may run several times at once. `report` prints the comparison in Markdown and
draws it.
"""

import argparse
import gzip
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from make import claimed
from measured import SPACES, Measured
from replay import Array, half, make_strategy, search
from scipy.stats import mannwhitneyu
from table import FILE, Table

from nasdip_core.files import whole_file
from nasdip_core.plugins import Plugins
from nasdip_core.space import Choices
from nasdip_core.strategy import Strategy

WORK = Path(__file__).with_name("strategies")
TRIALS = 200
"""Of every search: what an hour or two of small fits come to."""
MARKS = (1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 100, 120, 140, 160, 180, 200)
"""Numbers of trials after which the regret is kept."""
SHOWN = (20, 50, 100, 200)
"""Those that the report shows."""
JUDGED = 100
"""Trials after which a strategy is held against the control, and strategies are ranked."""
CONTROL = "random"
CHUNK = 20
"""Seeds a file."""


@dataclass(frozen=True)
class Contender:
    """A strategy with its options, and how many seeds its cost allows: even, for either picture."""

    strategy: str
    options: dict[str, Any] = field(default_factory=dict)
    seeds: int = 200


CONTENDERS = {
    "random": Contender("random"),
    "reinforce": Contender("reinforce"),
    "evolution": Contender("evolution"),
    "local-search": Contender("local-search"),
    "tpe": Contender("tpe", seeds=20),
    "gp": Contender("gp", seeds=6),
}
"""The shipped strategies with their defaults; nsga-ii weighs quality against cost, which no regret
in dB judges."""


def fingerprint(table: Path) -> str:
    """Return what tells one state of the table from another."""
    return hashlib.sha256(table.read_bytes()).hexdigest()[:16]


@dataclass(frozen=True)
class Unit:
    """Some seeds of a contender in one space and on one task; one file."""

    space: str
    task: str
    name: str
    contender: Contender
    start: int

    @property
    def seeds(self) -> range:
        """Return the seeds."""
        return range(self.start, min(self.start + CHUNK, self.contender.seeds))

    @property
    def file(self) -> str:
        """Return the name of its file."""
        return f"{self.space}--{self.task}--{self.name}--{self.start:03d}.json.gz"


def units(contenders: Mapping[str, Contender], spaces: list[str], tasks: list[str]) -> list[Unit]:
    """Return the units, the same seeds of all contenders first."""
    every = [
        Unit(space, task, name, contender, start)
        for name, contender in contenders.items()
        for space in spaces
        for task in tasks
        for start in range(0, contender.seeds, CHUNK)
    ]
    return sorted(every, key=lambda unit: unit.start)


def run(every: list[Unit], table: Path, work: Path, limit: int | None = None) -> None:
    """Make what is missing of this state of the table, at most so many units."""
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    work.mkdir(parents=True, exist_ok=True)
    plugins, loaded, of = Plugins.discover(), Table(table), fingerprint(table)
    measured: dict[tuple[str, str], Measured] = {}
    done = 0
    for unit in every:
        file, key = work / unit.file, (unit.space, unit.task)
        with claimed(file) as mine:
            if not mine or (file.exists() and read(file)["table"] == of):
                continue
            if key not in measured:
                measured[key] = Measured(loaded, *key)
            strategy = make_strategy(unit.contender.strategy, unit.contender.options, plugins)
            began = time.process_time()
            found = np.array([regrets(strategy, measured[key], seed) for seed in unit.seeds])
            each = 1000 * (time.process_time() - began) / (TRIALS * len(unit.seeds))
            content = {
                "table": of,
                "options": unit.contender.options,
                "seeds": list(unit.seeds),
                "milliseconds": round(each, 2),
                "marks": MARKS,
                "regrets": found[..., 0].round(3).tolist(),
                "told": found[..., 1].round(3).tolist(),
            }
            with whole_file(file) as draft:
                draft.write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))
        print(f"{file.name}: {each:.1f} ms a trial", flush=True)
        done += 1
        if done == limit:
            return


def regrets(strategy: Strategy, measured: Measured, seed: int) -> Array:
    """Return the regret in dB after each of `MARKS`: (marks, 2), as judged and as told."""
    told = seed % 2
    rewards: list[Array] = []

    def value(choices: Choices) -> float:
        rewards.append(measured(choices))
        return float(rewards[-1][told])

    search(measured.space, strategy.sampler(measured.space, seed), value, TRIALS)
    tried = np.array(rewards)
    best = tried[[tried[:trials, told].argmax() for trials in MARKS]]
    found: Array = (measured.best - best)[:, [1 - told, told]]
    return found


def report(work: Path, plot: Path | None) -> None:
    """Print the comparison; raises ValueError where nothing was run."""
    found = collected(work)
    columns = [f"regret at {trials}" for trials in SHOWN]
    columns += [f"as told at {JUDGED}", f"beats {CONTROL} at {JUDGED}"]
    print("| space | task | strategy | seeds | ms a trial | " + " | ".join(columns) + " |")
    print("|---" * (5 + len(columns)) + "|")
    for (space, task), by_name in found.items():
        control = by_name[CONTROL].regrets if CONTROL in by_name else None
        for name, one in by_name.items():
            cells = [regret(one.regrets[:, MARKS.index(trials)]) for trials in SHOWN]
            cells += [regret(one.told[:, MARKS.index(JUDGED)])]
            against = "control"
            if name != CONTROL:
                against = "no control" if control is None else _against(one.regrets, control)
            cells = [space, task, name, f"{len(one.regrets)}", f"{one.milliseconds:.1f}", *cells]
            print(f"| {' | '.join([*cells, against])} |")
    if all(CONTROL in by_name for by_name in found.values()):
        print("\n" + "\n".join(_ranks(found)))
    if plot is not None:
        draw(found, plot)


@dataclass
class Outcome:
    """What the seeds of a contender came to."""

    regrets: Array
    """(seeds, marks), dB: on the picture that the search was not told of."""
    told: Array
    """The same on the other, where luck is taken for quality."""
    milliseconds: float


def collected(work: Path) -> dict[tuple[str, str], dict[str, Outcome]]:
    """Return what was run, by space and task, then contender.

    Raises ValueError where that is nothing, or belongs to several states of the table.
    """
    files = [(file, read(file)) for file in sorted(work.glob("*.json.gz"))]
    if not files:
        raise ValueError(f"there is nothing in '{work}': run it first")
    states = {content["table"] for _, content in files}
    if len(states) > 1:
        raise ValueError(f"'{work}' holds runs on {len(states)} states of the table: run anew")
    parts: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for file, content in files:
        space, task, name = file.name.split("--")[:3]
        parts.setdefault((space, task, name), []).append(content)
    names = list(CONTENDERS)
    found: dict[tuple[str, str], dict[str, Outcome]] = {}
    for space, task, name in sorted(
        parts, key=lambda k: (SPACES.index(k[0]), k[1], names.index(k[2]) if k[2] in names else 99)
    ):
        contents = parts[space, task, name]
        found.setdefault((space, task), {})[name] = Outcome(
            np.concatenate([np.array(content["regrets"]) for content in contents]),
            np.concatenate([np.array(content["told"]) for content in contents]),
            float(np.mean([content["milliseconds"] for content in contents])),
        )
    return found


def regret(column: Array) -> str:
    """Return mean and half the width of the 95 % confidence band."""
    return f"{column.mean():.3f} ± {half(column):.3f}"


def _against(one: Array, control: Array) -> str:
    """Return the chance that a run beats one of the control, and whether that may be luck."""
    ours, theirs = one[:, MARKS.index(JUDGED)], control[:, MARKS.index(JUDGED)]
    test = mannwhitneyu(ours, theirs, alternative="two-sided")
    # U counts the pairs in which the first is larger: the worse.
    chance = 1 - test.statistic / (len(ours) * len(theirs))
    return f"{chance:.2f} (p {test.pvalue:.1g})"


def _ranks(found: dict[tuple[str, str], dict[str, Outcome]]) -> list[str]:
    """Return mean rank and gain over the control of each strategy, over spaces and tasks."""
    shared = [n for n in CONTENDERS if all(n in by_name for by_name in found.values())]
    at = MARKS.index(JUDGED)
    means = np.array(
        [[by_name[n].regrets[:, at].mean() for n in shared] for by_name in found.values()]
    )
    ranks = (means.argsort(axis=1).argsort(axis=1) + 1).mean(axis=0)
    gains = (means[:, [shared.index(CONTROL)]] - means).mean(axis=0)
    lines = [f"| strategy | mean rank at {JUDGED} | dB better than {CONTROL} |", "|---|---|---|"]
    for place in ranks.argsort():
        lines += [f"| {shared[place]} | {ranks[place]:.1f} | {gains[place]:+.3f} |"]
    return lines


def draw(found: dict[tuple[str, str], dict[str, Outcome]], file: Path) -> None:
    """Draw mean regret with its 95 % band against trials, a panel a space and task."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    tasks = sorted({task for _, task in found})
    spaces = [space for space in SPACES if any(space == have for have, _ in found)]
    figure, panels = pyplot.subplots(
        len(spaces), len(tasks), figsize=(4 * len(tasks), 3.2 * len(spaces)), squeeze=False
    )
    for (space, task), by_name in found.items():
        panel = panels[spaces.index(space), tasks.index(task)]
        for name, one in by_name.items():
            mean = one.regrets.mean(axis=0)
            band = half(one.regrets)
            colour = f"C{list(CONTENDERS).index(name)}"
            style = "--" if name == CONTROL else "-"
            panel.plot(MARKS, mean, style, color=colour, label=f"{name} ({len(one.regrets)})")
            panel.fill_between(MARKS, mean - band, mean + band, color=colour, alpha=0.2, lw=0)
        panel.set(title=f"{space}, {task}", xlabel="trials", ylabel="regret, dB", xscale="log")
        panel.grid(alpha=0.3)
    panels[0, 0].legend(title="strategy (seeds)", fontsize="small")
    figure.tight_layout()
    figure.savefig(file, dpi=110)


def read(file: Path) -> dict[str, Any]:
    """Return the content of a unit's file."""
    content: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
    return content


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("run", "report"))
    parser.add_argument("--table", type=Path, default=FILE)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--strategies", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--spaces", nargs="+", choices=SPACES, default=list(SPACES))
    parser.add_argument("--units", type=int, help="stop after so many")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    if options.action == "run":
        chosen = {name: CONTENDERS[name] for name in options.strategies}
        every = units(chosen, options.spaces, Table(options.table).tasks)
        run(every, options.table, options.work, options.units)
        return
    try:
        report(options.work, options.plot)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
