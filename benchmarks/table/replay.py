"""Replay searches on the table, without a single fit.

    python benchmarks/table/replay.py --space nas-dip-cell --task denoise --strategy random
        [--trials 100] [--seeds 20]

Prints the regret in dB against trials: how far the best so far is from the best of the table.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from numpy.typing import NDArray
from optuna.samplers import BaseSampler
from optuna.trial import TrialState
from pydantic import BaseModel
from scipy.stats import t as student
from surrogate import Surrogate
from table import FILE, Table
from work import spaces

from nasdip_core.options import Options, parse
from nasdip_core.plugins import Plugins
from nasdip_core.searching.trials import BARREN
from nasdip_core.space import Choice, Choices, InfeasibleError, SearchSpace
from nasdip_core.strategy import Strategy
from nasdip_core.study.lease import note, tell
from nasdip_core.study.records import OUTCOME, REASON
from nasdip_core.study.sampler import distributions

Array = NDArray[np.float64]
Value = Callable[[Choices], float]


class Rewards:
    """What a trial is told: the PSNR of the self-stopped output, as a search is by default.

    From the surrogate where the table has nothing.
    """

    def __init__(
        self, table: Table, space: str, task: str, pictures: tuple[int, ...] = (0, 1)
    ) -> None:
        """`space`: nas-dip-cell, or nas-dip. Raises ValueError where too little was run."""
        self._table, self._task, self._pictures = table, task, pictures
        means = table.means(space, task, pictures)
        if np.isnan(means).all():
            raise ValueError(f"{space}, {task}: nothing was run")
        self.best = float(np.nanmax(means))
        """The best in the table; the surrogate may promise more."""
        self._surrogate = Surrogate(table, task, pictures) if space == "nas-dip" else None

    def __call__(self, choices: Choices) -> float:
        """Return the mean over the pictures. Raises KeyError for a cell that was not run."""
        try:
            return self._table.reward(self._task, choices, self._pictures, measure="stopped")
        except KeyError:
            if self._surrogate is None:
                raise
            return self._surrogate.predict(choices)


def search(space: SearchSpace, sampler: BaseSampler, value: Value, trials: int) -> list[float]:
    """Return the values of so many different networks, as they were tried.

    What is known already, impossible or not in the table is told as a search does it, and not
    counted. Ends early where nothing new comes.
    """
    study = optuna.create_study(direction="maximize", sampler=sampler)
    known: dict[tuple[Choice, ...], float] = {}
    barren = 0
    while len(known) < min(trials, space.size) and barren < BARREN:
        trial = study.ask(dict(distributions(space)))
        barren += 1
        try:
            choices = space.canonical(trial.params)
        except InfeasibleError:
            trial.set_constraint("valid", 1.0)
            note(trial, OUTCOME, "infeasible")
            tell(study, trial, [min(known.values(), default=0.0)])
            continue
        trial.set_constraint("valid", 0.0)
        key = tuple(choices.values())
        if key in known:
            note(trial, OUTCOME, "duplicate")
        else:
            try:
                known[key] = value(choices)
            except KeyError as error:
                note(trial, REASON, str(error))
                tell(study, trial, None, TrialState.FAIL)
                continue
            barren = 0
        tell(study, trial, [known[key]])
    return list(known.values())


def whole_options(name: str, options: Mapping[str, Any], plugins: Plugins) -> BaseModel:
    """Return all options of a strategy; those that are not given have their defaults."""
    model = plugins.find("strategy", name).options() or Options
    return parse(model, dict(options), "strategy.with")


def make_strategy(name: str, options: Mapping[str, Any], plugins: Plugins) -> Strategy:
    """Return a strategy by its name, with its defaults but for the options that are given."""
    whole = whole_options(name, options, plugins)
    made: Strategy = plugins.find("strategy", name).resolve()(
        **{field: getattr(whole, field) for field in type(whole).model_fields}
    )
    return made


def regrets(
    strategy: Strategy, space: str, rewards: Rewards, trials: int, seeds: Sequence[int]
) -> Array:
    """Return the regret of each seed after each trial, (seeds, trials), in dB."""
    found = np.full((len(seeds), trials), np.nan)
    whole = spaces(16)[space]
    for row, seed in enumerate(seeds):
        values = search(whole, strategy.sampler(whole, seed), rewards, trials)
        best = np.maximum.accumulate(values)
        found[row, : len(best)] = rewards.best - best
        found[row, len(best) :] = rewards.best - best[-1]
    return found


def half(values: Array) -> Array:
    """Return half the width of Student's 95 % interval of the mean over the first axis."""
    deviation = np.std(values, axis=0, ddof=1)
    found: Array = student.ppf(0.975, len(values) - 1) * deviation / len(values) ** 0.5
    return found


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, default=FILE)
    parser.add_argument("--space", choices=("nas-dip-cell", "nas-dip"), default="nas-dip-cell")
    parser.add_argument("--task", default="denoise")
    parser.add_argument("--strategy", default="random")
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    strategy = make_strategy(options.strategy, {}, Plugins.discover())
    rewards = Rewards(Table(options.table), options.space, options.task)
    began = time.process_time()
    found = regrets(strategy, options.space, rewards, options.trials, range(options.seeds))
    each = (time.process_time() - began) / found.size
    print(
        f"{options.strategy}: {1000 * each:.1f} ms a trial, best of the table {rewards.best:.2f} dB"
    )
    for trials in sorted({1, 5, 10, 20, 50, 100, 200, 500, options.trials}):
        if trials <= options.trials:
            column = found[:, trials - 1]
            band = f"{half(column):.3f}" if len(column) > 1 else "?"
            print(f"{trials:5d} trials: regret {column.mean():.3f} +- {band} dB")


if __name__ == "__main__":
    main()
