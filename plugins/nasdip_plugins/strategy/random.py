"""Random search."""

import torch
from optuna.samplers import BaseSampler

from nasdip_core.space import SearchSpace
from nasdip_core.strategy import Strategy
from nasdip_core.study.records import History
from nasdip_plugins.strategy.fresh import FreshSampler, Proposal
from nasdip_plugins.strategy.walk import random_walk


class Random(Strategy):
    """Draws every decision evenly from the choices that are open.

    Source: Li and Talwalkar, "Random Search and Reproducibility for Neural Architecture Search"
    (UAI 2019), 3.
    """

    def sampler(self, space: SearchSpace, seed: int) -> BaseSampler:
        """Return the sampler of a space."""
        return _Sampler(space, seed)


class _Sampler(FreshSampler):
    def draw(self, history: History, draws: torch.Generator, attempt: int) -> Proposal:
        return random_walk(self.space, draws), {}
