"""Regularised evolution."""

from itertools import islice

import torch
from optuna.samplers import BaseSampler

from nasdip_core.space import SearchSpace
from nasdip_core.strategy import Strategy
from nasdip_core.study.records import History
from nasdip_plugins.strategy.fresh import FreshSampler, Proposal, has_value, value_of
from nasdip_plugins.strategy.walk import Surroundings, one_of, random_walk


class Evolution(Strategy):
    """Mutates the best of a few among the youngest: the oldest go, however good they are.

    The first ones are random. A mutation changes one decision, all equally likely, to another
    choice that is open. Source: Real et al., "Regularized Evolution for Image Classifier
    Architecture Search" (AAAI 2019), algorithm 1.
    """

    def __init__(self, *, population: int, sample: int) -> None:
        self._population = population
        self._sample = sample

    def sampler(self, space: SearchSpace, seed: int) -> BaseSampler:
        """Return the sampler of a space."""
        return _Sampler(space, seed, self._population, self._sample)


class _Sampler(FreshSampler):
    def __init__(self, space: SearchSpace, seed: int, population: int, sample: int) -> None:
        super().__init__(space, seed)
        self._population = population
        self._sample = sample

    def draw(self, history: History, draws: torch.Generator, attempt: int) -> Proposal:
        # An architecture that is told its value again is as old as it was.
        youngest = (r for r in reversed(history.records) if has_value(r) and not r.duplicate)
        population = list(islice(youngest, self._population))
        if len(population) < self._population:
            return random_walk(self.space, draws), {}
        sample = [one_of(population, draws) for _ in range(self._sample)]
        child = self.space.canonical(max(sample, key=value_of).choices)
        for _ in range(1 + attempt // 5):
            around = Surroundings(self.space, child)
            name = one_of(list(around.others), draws)
            choice = one_of(around.others[name], draws)
            child = around.neighbour(name, choice, lambda opened: one_of(opened, draws))
        return child, {}
