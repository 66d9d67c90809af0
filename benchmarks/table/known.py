"""Which strategy makes most of a good network to begin with? Searches on the table that know one.

    python benchmarks/table/known.py [--seeds 40] [--of-best 0.01 0.1]

The known network is tried first. It is drawn anew for each seed, on the picture that the search is
told of: among those that about `of-best` of all are better than. Prints, in Markdown, by how much
less the regret is than that of random search that begins with the same, over all spaces and tasks.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from judging import LEAST, PICTURES
from measured import SPACES, Measured
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial
from replay import Array, make_strategy, search
from table import FILE, Table

from nasdip_core.plugins import Plugins
from nasdip_core.space import Choices
from nasdip_core.strategy import Strategy
from nasdip_core.study.sampler import SpaceSampler

CONTENDERS: Mapping[str, Mapping[str, Any]] = {
    "random": {},
    "evolution": {},
    "evolution:population=10": {"population": 10},
    "evolution:population=5": {"population": 5},
    "local-search": {},
    "local-search:starts=1": {"starts": 1},
    "reinforce": {},
}
"""The first is what the others are held against."""
MARKS = (10, 20, 35, 50, 70, 100)
"""Numbers of trials after which the regret is told."""
NEAR = 0.25
"""How far from `of-best` the rank of the known network may be, as a share of it."""


class BeginningWith(BaseSampler):
    """A sampler whose first proposal is known."""

    def __init__(self, sampler: BaseSampler, known: Choices) -> None:
        assert isinstance(sampler, SpaceSampler)
        self._sampler, self._known = sampler, known

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """Return that of the sampler."""
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the known choices for the first trial."""
        if trial.number == 0:
            return dict(self._known)
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(self, *told: Any) -> Any:
        """Never called: all decisions are made at once."""
        raise AssertionError(told)


def networks(table: Table, measured: Measured) -> tuple[list[Choices], Array]:
    """Return the networks of a space that were run, and their dB by picture, (networks, 2)."""
    names = [decision.name for decision in measured.space.decisions]
    every = {
        tuple(point[name] for name in names): None
        for space in table.spaces()
        for point in table.points(space)
        if point.keys() >= set(names)
    }
    found: list[Choices] = []
    values = []
    for key in every:
        choices = dict(zip(names, key, strict=True))
        try:
            values.append(measured(choices))
        except KeyError:
            continue
        found.append(choices)
    return found, np.array(values)


def known_network(values: Array, of_best: float, seed: int) -> int:
    """Return the place of a network that about `of_best` of all are better than."""
    ranks = (-values).argsort(kind="stable")
    low, high = (round((1 + off) * of_best * (len(ranks) - 1)) for off in (-NEAR, NEAR))
    return int(ranks[np.random.default_rng(seed).integers(low, high, endpoint=True)])


def regrets(
    strategy: Strategy, table: Table, measured: Measured, of_best: float, seeds: range
) -> Array:
    """Return the regret in dB after each of `MARKS`, (seeds, marks)."""
    every, values = networks(table, measured)
    rows = []
    for seed in seeds:
        told = seed % PICTURES

        def value(choices: Choices, told: int = told) -> float:
            return float(measured(choices)[told])

        first = every[known_network(values[:, told], of_best, seed)]
        sampler = BeginningWith(strategy.sampler(measured.space, seed), first)
        found = search(measured.space, sampler, value, MARKS[-1])
        rows.append([measured.best[told] - max(found[:trials]) for trials in MARKS])
    return np.array(rows)


def report(table: Table, seeds: range, of_best: float) -> None:
    """Print the mean share by which the regret is less than the first contender's."""
    plugins = Plugins.discover()
    gained: dict[str, list[Array]] = {name: [] for name in CONTENDERS}
    for space in SPACES:
        for task in table.tasks:
            measured = Measured(table, space, task)
            found = {
                name: regrets(
                    make_strategy(name.partition(":")[0], options, plugins),
                    table,
                    measured,
                    of_best,
                    seeds,
                ).mean(axis=0)
                for name, options in CONTENDERS.items()
            }
            control = next(iter(found.values()))
            for name, mean in found.items():
                gained[name].append((control - mean) / np.maximum(control, LEAST))
    print(f"\nThe known network is among the best {of_best:.0%}, {len(seeds)} seeds:\n")
    print("| strategy | " + " | ".join(f"after {trials}" for trials in MARKS) + " |")
    print("|---" * (1 + len(MARKS)) + "|")
    for name, shares in gained.items():
        print(f"| {name} | " + " | ".join(f"{s:+.0%}" for s in np.mean(shares, axis=0)) + " |")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, default=FILE)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--of-best", type=float, nargs="+", default=[0.01, 0.1])
    options = parser.parse_args()
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for of_best in options.of_best:
        report(Table(options.table), range(options.seeds), of_best)


if __name__ == "__main__":
    main()
