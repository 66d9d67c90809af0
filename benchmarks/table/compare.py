"""Compare search strategies on the table: regret against trials, over many seeds.

Every network was fitted, see `measured.py`. A search is told of one picture: even seeds of picture
0, odd ones of picture 1. Its regret is what the best that it was told of lacks there; the same
network is held against the best on the other picture, too, where what was lucky gains nothing.

    python benchmarks/table/compare.py run [--work DIR] [--strategies random evolution ...]
    python benchmarks/table/compare.py report [--work DIR] [--strategies ...] [--plot FILE]

A strategy has its defaults, or options beside them: `evolution:population=40,sample=10`. `run`
makes a file for every space, task, strategy and twenty seeds; the same command goes on where it was
stopped, makes anew what was made of another table, options or seeds, and may run several times at
once. `report` prints the comparison in Markdown and draws it.
"""

import argparse
import gzip
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from judging import beats, gain, gains, of_pictures, ranks
from make import claimed
from measured import SPACES, Measured
from replay import Array, half, make_strategy, search, whole_options
from table import FILE, Table

from nasdip_core import controller
from nasdip_core.files import whole_file
from nasdip_core.plugins import Plugins
from nasdip_core.space import Choices
from nasdip_core.strategy import Strategy
from nasdip_core.study import sampler
from nasdip_plugins import strategy

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
TUNED_ON = "denoise"
"""The task that `tune.py` chooses options by: no strategy is ranked by it."""
SEEDS = {
    "random": 200,
    "reinforce": 200,
    "evolution": 200,
    "local-search": 200,
    "tpe": 20,
    "gp": 6,
}
"""The shipped strategies, and how many searches their cost allows: even, for either picture.

Not nsga-ii, which weighs quality against cost: no regret in dB judges that.
"""
CHUNK = 20
"""Seeds a file."""


@dataclass(frozen=True)
class Contender:
    """A strategy with its options, and the seeds of its searches."""

    name: str
    """STRATEGY, or STRATEGY:OPTION=VALUE,... with what is not as by default."""
    seeds: range

    @property
    def strategy(self) -> str:
        """Return the name of the strategy."""
        return self.name.partition(":")[0]

    @property
    def options(self) -> dict[str, str]:
        """Return the options that are not as by default."""
        told = self.name.partition(":")[2]
        return dict(pair.split("=", 1) for pair in told.split(",")) if told else {}


def contender(name: str) -> Contender:
    """Return a contender by its name. Raises ValueError for an unknown strategy."""
    strategy = name.partition(":")[0]
    if strategy not in SEEDS:
        raise ValueError(f"strategy '{strategy}' is not among {', '.join(SEEDS)}")
    return Contender(name, range(SEEDS[strategy]))


def fingerprint(table: Path) -> str:
    """Return what tells one state of the table from another."""
    return hashlib.sha256(table.read_bytes()).hexdigest()[:16]


@cache
def code() -> str:
    """Return what tells one state of the strategies, and of how they are run, from another."""
    here = Path(__file__).parent
    folders = [Path(module.__file__ or "").parent for module in (controller, strategy)]
    files = [here / "measured.py", here / "replay.py", Path(sampler.__file__ or "")]
    files += [file for folder in folders for file in sorted(folder.glob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


@dataclass(frozen=True)
class Unit:
    """Some seeds of a contender in one space and on one task; one file."""

    space: str
    task: str
    contender: Contender
    seeds: range

    @property
    def file(self) -> str:
        """Return the name of its file."""
        return f"{self.space}--{self.task}--{self.contender.name}--{self.seeds[0]:04d}.json.gz"

    def key(self, table: str, plugins: Plugins) -> dict[str, Any]:
        """Return all that its outcome hangs on."""
        options = whole_options(self.contender.strategy, self.contender.options, plugins)
        return {
            "table": table,
            "code": code(),
            "strategy": self.contender.strategy,
            "options": options.model_dump(mode="json"),
            "seeds": list(self.seeds),
            "trials": TRIALS,
            "marks": list(MARKS),
        }


def units(contenders: Sequence[Contender], spaces: list[str], tasks: list[str]) -> list[Unit]:
    """Return the units, the same seeds of all contenders first."""
    every = [
        Unit(space, task, each, each.seeds[start : start + CHUNK])
        for space in spaces
        for task in tasks
        for each in contenders
        for start in range(0, len(each.seeds), CHUNK)
    ]
    return sorted(every, key=lambda unit: unit.seeds[0])


def run(every: list[Unit], table: Path, work: Path, limit: int | None = None) -> None:
    """Make what is missing or was made of something else, at most so many units."""
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    work.mkdir(parents=True, exist_ok=True)
    plugins, loaded, state = Plugins.discover(), Table(table), fingerprint(table)
    measured: dict[tuple[str, str], Measured] = {}
    done = 0
    for unit in every:
        file, key, where = work / unit.file, unit.key(state, plugins), (unit.space, unit.task)
        with claimed(file) as mine:
            if not mine or made(file, key) is not None:
                continue
            if where not in measured:
                measured[where] = Measured(loaded, *where)
            strategy = make_strategy(unit.contender.strategy, unit.contender.options, plugins)
            began = time.process_time()
            found = np.array([regrets(strategy, measured[where], seed) for seed in unit.seeds])
            each = 1000 * (time.process_time() - began) / (TRIALS * len(unit.seeds))
            content = {
                "key": key,
                "milliseconds": round(each, 2),
                "regrets": found[..., 0].round(3).tolist(),
                "elsewhere": found[..., 1].round(3).tolist(),
            }
            with whole_file(file) as draft:
                draft.write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))
        print(f"{file.name}: {each:.1f} ms a trial", flush=True)
        done += 1
        if done == limit:
            return


def made(file: Path, key: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the content of a unit's file, if it is there and was made of what the key tells."""
    if not file.exists():
        return None
    content: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
    return content if content["key"] == key else None


def regrets(strategy: Strategy, measured: Measured, seed: int) -> Array:
    """Return the regret in dB after each of `MARKS`, (marks, 2): where it was told, elsewhere."""
    told = seed % 2
    rewards: list[Array] = []

    def value(choices: Choices) -> float:
        rewards.append(measured(choices))
        return float(rewards[-1][told])

    search(measured.space, strategy.sampler(measured.space, seed), value, TRIALS)
    tried = np.array(rewards)
    best = tried[[tried[:trials, told].argmax() for trials in MARKS]]
    found: Array = (measured.best - best)[:, [told, 1 - told]]
    return found


def report(every: list[Unit], table: Path, work: Path, plot: Path | None) -> None:
    """Print the comparison; raises ValueError where nothing was run."""
    found, loaded = collected(every, table, work), Table(table)
    for where in found:
        measured = Measured(loaded, *where)
        print(f"{', '.join(where)}: {measured.known} of {measured.space.size} networks were fitted")
    print()
    columns = [f"regret at {trials}" for trials in SHOWN]
    columns += [f"beats {CONTROL} at {JUDGED}", f"on the other picture at {JUDGED}"]
    print("| space | task | strategy | seeds | ms a trial | " + " | ".join(columns) + " |")
    print("|---" * (5 + len(columns)) + "|")
    for (space, task), by_name in found.items():
        control = by_name.get(CONTROL)
        for name, one in by_name.items():
            cells = [regret(one.regrets[:, MARKS.index(trials)]) for trials in SHOWN]
            against = "control"
            if name != CONTROL:
                against = "no control" if control is None else _against(one, control)
            cells += [against, regret(one.elsewhere[:, MARKS.index(JUDGED)])]
            cells = [space, task, name, f"{len(one.regrets)}", f"{one.milliseconds:.1f}", *cells]
            print(f"| {' | '.join(cells)} |")
    judging = {where: by_name for where, by_name in found.items() if where[1] != TUNED_ON}
    if judging and all(CONTROL in by_name for by_name in judging.values()):
        print(f"\nOver all spaces and tasks but {TUNED_ON}, which options are tuned on:\n")
        print("\n".join(_ranks(judging)))
    if plot is not None:
        draw(found, plot)


@dataclass
class Outcome:
    """What the seeds of a contender came to."""

    seeds: list[int]
    regrets: Array
    """(seeds, marks), dB: on the picture that the search was told of."""
    elsewhere: Array
    """The same networks' on the other picture."""
    milliseconds: float

    def judged(self, *, elsewhere: bool = False) -> list[Array]:
        """Return the regrets at `JUDGED` by the picture that was told of, or on the other one."""
        regrets = self.elsewhere if elsewhere else self.regrets
        return of_pictures(regrets[:, MARKS.index(JUDGED)], self.seeds)


Found = dict[tuple[str, str], dict[str, Outcome]]
"""By space and task, then contender."""


def collected(every: list[Unit], table: Path, work: Path) -> Found:
    """Return what was run of some units. Raises ValueError where that is nothing."""
    plugins, state = Plugins.discover(), fingerprint(table)
    parts: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    for unit in every:
        content = made(work / unit.file, unit.key(state, plugins))
        if content is not None:
            by_name = parts.setdefault((unit.space, unit.task), {})
            by_name.setdefault(unit.contender.name, []).append(content)
    if not parts:
        raise ValueError(f"there is nothing of this table in '{work}': run it first")
    return {
        where: {name: _together(contents) for name, contents in by_name.items()}
        for where, by_name in parts.items()
    }


def _together(contents: list[dict[str, Any]]) -> Outcome:
    return Outcome(
        [seed for content in contents for seed in content["key"]["seeds"]],
        np.concatenate([np.array(content["regrets"]) for content in contents]),
        np.concatenate([np.array(content["elsewhere"]) for content in contents]),
        float(np.mean([content["milliseconds"] for content in contents])),
    )


def regret(column: Array) -> str:
    """Return mean and half the width of the 95 % confidence band."""
    return f"{column.mean():.3f} ± {half(column):.3f}"


def _against(one: Outcome, control: Outcome) -> str:
    """Return the chance that a run beats one of the control, and whether that may be luck."""
    chance, p = beats(one.judged(), control.judged())
    return f"{chance:.2f} (p {p:.1g})"


def _names(found: Found) -> list[str]:
    """Return the contenders in order."""
    return list(dict.fromkeys(name for by_name in found.values() for name in by_name))


def _ranks(found: Found) -> list[str]:
    """Return mean rank and gain over the control of each strategy, over spaces and tasks."""
    shared = [n for n in _names(found) if all(n in by_name for by_name in found.values())]
    means = np.array(
        [
            [1 - gain(by_name[n].judged(), by_name[CONTROL].judged()) for n in shared]
            for by_name in found.values()
        ]
    )
    lines = [
        f"| strategy | mean rank at {JUDGED} | regret less than {CONTROL}'s by "
        "| on the other picture |",
        "|---|---|---|---|",
    ]
    mean_ranks = ranks(means)
    for place in mean_ranks.argsort(kind="stable"):
        name = shared[place]
        cells = [name, f"{mean_ranks[place]:.1f}"]
        for elsewhere in (False, True):
            contests = [
                tuple(by_name[n].judged(elsewhere=elsewhere) for n in (name, CONTROL))
                for by_name in found.values()
            ]
            mean, low, high = gains(contests, np.random.default_rng(0))
            cells += ["" if name == CONTROL else f"{mean:+.0%} ({low:+.0%} to {high:+.0%})"]
        lines += [f"| {' | '.join(cells)} |"]
    return lines


def draw(found: Found, file: Path) -> None:
    """Draw mean regret with its 95 % band against trials, a panel a space and task."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    tasks, names = sorted({task for _, task in found}), _names(found)
    spaces = [space for space in SPACES if any(space == have for have, _ in found)]
    figure, panels = pyplot.subplots(
        len(spaces), len(tasks), figsize=(4 * len(tasks), 3.2 * len(spaces)), squeeze=False
    )
    for (space, task), by_name in found.items():
        panel = panels[spaces.index(space), tasks.index(task)]
        for name, one in by_name.items():
            mean = one.regrets.mean(axis=0)
            band = half(one.regrets)
            colour = f"C{names.index(name)}"
            style = "--" if name == CONTROL else "-"
            panel.plot(MARKS, mean, style, color=colour, label=f"{name} ({len(one.regrets)})")
            panel.fill_between(MARKS, mean - band, mean + band, color=colour, alpha=0.2, lw=0)
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
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    every = units(options.strategies, options.spaces, Table(options.table).tasks)
    if options.action == "run":
        run(every, options.table, options.work, options.units)
        return
    try:
        report(every, options.table, options.work, options.plot)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
