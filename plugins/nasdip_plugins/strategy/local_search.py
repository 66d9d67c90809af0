"""Local search from the best of a few random architectures, again and again."""

from collections import defaultdict
from itertools import count

import torch
from optuna.samplers import BaseSampler

from nasdip_core.space import Choice, SearchSpace
from nasdip_core.strategy import Strategy
from nasdip_core.study.records import History, Record
from nasdip_plugins.strategy.fresh import FreshSampler, Proposal, has_value, value_of
from nasdip_plugins.strategy.walk import Surroundings, one_of, random_walk

CLIMB = "climb"
"""Note of a trial: the number of the climb that it is part of."""


class LocalSearch(Strategy):
    """Tries what differs from the best in one decision, goes on from what is better, or anew.

    A climb begins with random architectures, known ones among those of the first. It is over once
    all neighbours of its best are known.
    Source: White et al., "Exploring the Loss Landscape in Neural Architecture Search" (UAI 2021),
    first made public as "Local Search is State of the Art for NAS Benchmarks" (2020).
    """

    def __init__(self, *, starts: int) -> None:
        self._starts = starts

    def sampler(self, space: SearchSpace, seed: int) -> BaseSampler:
        """Return the sampler of a space."""
        return _Sampler(space, seed, self._starts)


class _Sampler(FreshSampler):
    def __init__(self, space: SearchSpace, seed: int, starts: int) -> None:
        super().__init__(space, seed)
        self._starts = starts

    def draw(self, history: History, draws: torch.Generator, attempt: int) -> Proposal:
        climbs: dict[int, list[Record]] = defaultdict(list)
        for record in history.records:
            if CLIMB in record.notes or record.state != "open":
                climbs[record.notes.get(CLIMB, 0)].append(record)
        # An earlier climb goes on where another worker's trial has found something better.
        for climb in count():
            # What was never trained is no start: most may be over a limit.
            starts = sum(r.state == "open" or has_value(r) for r in climbs[climb])
            if starts < self._starts:
                return random_walk(self.space, draws), {CLIMB: climb}
            neighbours = self._neighbours(climbs[climb])
            if neighbours:
                return one_of(neighbours, draws), {CLIMB: climb}
        raise AssertionError("unreachable: a climb that has not begun has starts left")

    def _neighbours(self, climb: list[Record]) -> list[dict[str, Choice]]:
        """Return the neighbours of a climb's best that are not known."""
        valued = list(filter(has_value, climb))
        if not valued:
            return []
        best = self.space.canonical(max(valued, key=value_of).choices)
        around = Surroundings(self.space, best)
        neighbours = [
            around.neighbour(name, choice, lambda opened: opened[0])
            for name, others in around.others.items()
            for choice in others
        ]
        return [found for found in neighbours if self.key(found) not in self.known]
