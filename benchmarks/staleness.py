"""What many workers at once cost a strategy: a discrete-event simulation on the table.

    python benchmarks/table/pack.py   # the table, from the shards that there are
    python benchmarks/staleness.py [--trials 300] [--workers 1 10 100] [--seeds 5] [--studies 10]

Every worker asks when it is free, and is answered by what has been told until then; its trial
takes as long as that network's fits were measured to take. The strategies are the real ones, the
spaces those of `table/measured.py`. Printed is the regret after the same number of trials in dB, in
the mean over two pictures: how far the best found is from the best of the space, with 95 % bands.
With as many workers as trials nothing is known when the last one asks. A network that is proposed
again counts as a trial, unlike in `table/compare.py`. `--studies` shares workers and trials among
so many searches that do not know of each other, and takes the best of all.
"""

import argparse
import heapq
import os
import sys
from pathlib import Path

import numpy as np
import optuna
import torch

sys.path.insert(0, str(Path(__file__).with_name("table")))

from contests import contender
from measured import SPACES, Measured
from replay import half, make_strategy
from table import FILE, Table

from nasdip_core.plugins import Plugins
from nasdip_core.space import Choice, Choices, InfeasibleError
from nasdip_core.strategy import Strategy
from nasdip_core.study.records import OUTCOME
from nasdip_core.study.sampler import distributions


def main() -> None:
    """Print a row a strategy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, default=FILE)
    parser.add_argument("--space", choices=SPACES, default="nas-dip-cell")
    parser.add_argument("--task", default="denoise")
    parser.add_argument(
        "--strategies",
        nargs="+",
        metavar="NAME[:OPTION=VALUE,...]",
        default=["random", "evolution", "reinforce"],
    )
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 10, 30, 100, 300])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--studies", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    table, plugins = Table(options.table), Plugins.discover()
    measured = Measured(table, options.space, options.task)
    print(f"{options.space}: {measured.known} of {measured.space.size} networks of {options.task}")
    print(f"load average {os.getloadavg()[0]:.1f}\n")
    print("| strategy | " + " | ".join(f"{n:,} workers" for n in options.workers) + " |")
    print("|---" * (len(options.workers) + 1) + "|")
    for name in options.strategies:
        chosen, cells = contender(name), []
        strategy = make_strategy(chosen.strategy, chosen.options, plugins)
        for workers in options.workers:
            each, share = max(1, workers // options.studies), options.trials // options.studies
            found = [
                measured.best_mean
                - max(
                    simulate(measured, strategy, seed, each, share)
                    for seed in range(first, first + options.studies)
                )
                for first in range(0, options.seeds * options.studies, options.studies)
            ]
            cells.append(f"{np.mean(found):.3f} +- {half(np.array(found)):.3f}")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def simulate(measured: Measured, strategy: Strategy, seed: int, workers: int, trials: int) -> float:
    """Return the best value that so many trials find, with so many workers at once."""
    space = measured.space
    study = optuna.create_study(direction="maximize", sampler=strategy.sampler(space, seed))
    known: dict[tuple[Choice, ...], float] = {}
    running: list[tuple[float, int, optuna.Trial, Choices]] = []
    now, asked = 0.0, 0
    while asked < trials or running:
        if asked < trials and len(running) < workers:
            asked += _ask(study, measured, known, running, now)
            continue
        now, _, trial, choices = heapq.heappop(running)
        key = tuple(choices.values())
        try:
            known.setdefault(key, float(measured(choices).mean()))
        except KeyError:  # of a table that is not complete
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, [known[key]])
    return max(known.values())


def _ask(
    study: optuna.Study,
    measured: Measured,
    known: dict[tuple[Choice, ...], float],
    running: list[tuple[float, int, optuna.Trial, Choices]],
    now: float,
) -> int:
    """Ask for a trial; return whether it is one of those that are counted."""
    trial = study.ask(dict(distributions(measured.space)))
    try:
        choices = measured.space.canonical(trial.params)
    except InfeasibleError:
        trial.set_constraint("valid", 1.0)
        trial.set_user_attr(OUTCOME, "infeasible")
        study.tell(trial, [min(known.values(), default=0.0)])
        return 0
    trial.set_constraint("valid", 0.0)
    if tuple(choices.values()) in known:
        trial.set_user_attr(OUTCOME, "duplicate")
        study.tell(trial, [known[tuple(choices.values())]])
        # Not counted in a search, but time passes in no simulation that counts nothing.
        return 1
    heapq.heappush(running, (now + measured.seconds(choices), trial.number, trial, choices))
    return 1


if __name__ == "__main__":
    main()
