"""Tune the strategies on one task of the table; the others judge what comes of it.

    python benchmarks/table/tune.py run [--work DIR]
    python benchmarks/table/tune.py report [--work DIR]

Every strategy of ours gets as many draws of its options, and the same seeds; what is best by the
mean regret over all spaces is a candidate for the defaults, if `compare.py` finds it better on the
tasks that it was not tuned on.
"""

import argparse
import random
from pathlib import Path
from typing import Any

import numpy as np
from compare import JUDGED, MARKS, Contender, Outcome, collected, regret, run, units
from measured import SPACES
from table import FILE

WORK = Path(__file__).with_name("tuning")
TASK = "denoise"
SEEDS = 40
DRAWS = 24
"""Different options of a strategy, the defaults among them."""
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
    found: list[Contender] = []
    for strategy, choices in CHOICES.items():
        draws = random.Random(strategy)
        made = [strategy]
        for _ in range(1000):
            drawn = {name: draws.choice(values) for name, values in choices.items()}
            name = f"{strategy}:" + ",".join(f"{option}={value}" for option, value in drawn.items())
            # More draws than parents nearly always take the best, whatever their number.
            if name not in made and drawn.get("sample", 0) <= drawn.get("population", 0):
                made.append(name)
        found += [Contender(name, range(SEEDS)) for name in made[:DRAWS]]
    return found


def report(table: Path, work: Path) -> None:
    """Print the variants of each strategy, the best first."""
    every = variants()
    found = collected(units(every, list(SPACES), [TASK]), table, work)
    at = MARKS.index(JUDGED)
    print(f"| variant | {' | '.join(f'{s}, {TASK}' for s in SPACES)} | mean |")
    print("|---" * (2 + len(SPACES)) + "|")
    run_everywhere = [c for c in every if all(c.name in by_name for by_name in found.values())]

    def mean(name: str) -> float:
        return float(np.mean([by_name[name].regrets[:, at].mean() for by_name in found.values()]))

    for strategy in CHOICES:
        for name in sorted((c.name for c in run_everywhere if c.strategy == strategy), key=mean):
            outcomes: list[Outcome] = [by_name[name] for by_name in found.values()]
            cells = [regret(outcome.regrets[:, at]) for outcome in outcomes]
            print(f"| {name} | {' | '.join(cells)} | {mean(name):.3f} |")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("run", "report"))
    parser.add_argument("--table", type=Path, default=FILE)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--units", type=int, help="stop after so many")
    options = parser.parse_args()
    if options.action == "run":
        run(units(variants(), list(SPACES), [TASK]), options.table, options.work, options.units)
        return
    try:
        report(options.table, options.work)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
