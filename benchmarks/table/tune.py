"""Tune the strategies on one task of the table; the others judge what comes of it.

    python benchmarks/table/tune.py run [--work DIR]
    python benchmarks/table/tune.py report [--work DIR]

Every strategy of ours gets its defaults and draws of its options, up to a limit or what there are,
and the same seeds, which `compare.py` does not use. What has the least regret over all spaces, as a
share of the default's, is a candidate for the defaults, if `compare.py run --strategies random
STRATEGY VARIANT` finds it better on the tasks that it was not tuned on: the best of many draws is
also the luckiest.
"""

import argparse
import random
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from compare import TUNED_ON, regret
from contests import JUDGED, MARKS, Contender, Unit, collected, run, units
from judging import gains, told
from measured import SPACES
from pydantic import BaseModel
from replay import whole_options
from table import FILE

from nasdip_core.plugins import Plugins

WORK = Path(__file__).with_name("tuning")
SEEDS = range(1000, 1040)
DRAWS = 24
"""Different options of a strategy at most, the defaults among them."""
CHOICES: dict[str, dict[str, list[Any]]] = {
    "reinforce": {
        "hidden": [16, 32, 64],
        "batch": [2, 5, 10, 20],
        "rate": [0.005, 0.01, 0.02, 0.05, 0.1],
        "memory": [0.8, 0.9, 0.95, 0.99],
        "entropy": [0.0, 0.02, 0.05, 0.1, 0.2],
    },
    "evolution": {"population": [5, 10, 20, 40, 80], "sample": [2, 3, 5, 10, 20]},
    "local-search": {"starts": [1, 2, 3, 5, 7, 10, 15, 20, 30, 40]},
}


def variants() -> list[Contender]:
    """Return the contenders: each strategy as it is, and with options that are drawn, each once."""
    plugins = Plugins.discover()
    found: list[Contender] = []
    for strategy, choices in CHOICES.items():
        draws = random.Random(strategy)
        # By all their options: a draw may be the defaults.
        made: dict[BaseModel, str] = {whole_options(strategy, {}, plugins): strategy}
        for _ in range(1000):
            drawn = {name: draws.choice(values) for name, values in choices.items()}
            # More draws than parents nearly always take the best, whatever their number.
            if drawn.get("sample", 0) <= drawn.get("population", 0):
                told = ",".join(f"{name}={value}" for name, value in drawn.items())
                made.setdefault(whole_options(strategy, drawn, plugins), f"{strategy}:{told}")
        found += [Contender(name, SEEDS) for name in islice(made.values(), DRAWS)]
    return found


def tuning() -> list[Unit]:
    """Return what there is to run."""
    return units(variants(), list(SPACES), [TUNED_ON])


def report(table: Path, work: Path) -> None:
    """Print the variants of each strategy that were run in all spaces, the best first."""
    found = collected(tuning(), table, work)
    drawn = variants()
    for strategy in CHOICES:
        names = [one.name for one in drawn if one.strategy == strategy]
        run_in_all = [name for name in names if all(name in here for here in found.values())]
        print(f"\n{strategy}: {len(names)} variants, {len(run_in_all)} of them run in all spaces\n")
        if strategy not in run_in_all:
            continue
        generator = np.random.default_rng(0)
        less = {
            name: gains(
                [(here[name].judged(), here[strategy].judged()) for here in found.values()],
                generator,
            )
            for name in run_in_all
        }
        where = " | ".join(space for space, _ in found)
        print(f"| variant | {where} | regret less than the default's by |")
        print("|---" * (2 + len(found)) + "|")
        for name, gained in sorted(less.items(), key=lambda pair: -pair[1][0]):
            at = MARKS.index(JUDGED)
            cells = [regret(here[name].regrets[:, at]) for here in found.values()]
            cells += ["default" if name == strategy else told(gained)]
            print(f"| {name} | {' | '.join(cells)} |")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("run", "report"))
    parser.add_argument("--table", type=Path, default=FILE)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--units", type=int, help="stop after so many")
    options = parser.parse_args()
    if options.action == "run":
        run(tuning(), options.table, options.work, options.units)
        return
    try:
        report(options.table, options.work)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
