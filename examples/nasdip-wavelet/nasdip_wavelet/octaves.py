"""Search from coarse to fine."""

from collections.abc import Mapping
from typing import Any

import torch
from optuna.samplers import BaseSampler

from nasdip_core.space import Choice, Choices, SearchSpace
from nasdip_core.strategy import Strategy
from nasdip_core.study.records import History
from nasdip_core.study.sampler import SpaceSampler


class Octaves(Strategy):
    """Draws all decisions at first, then half, a quarter, ... of those of the best so far.

    Octave k has `trials` 2^k trials and changes max(1, D / 2^k) of the D decisions.
    """

    def __init__(self, *, trials: int) -> None:
        self._trials = trials

    def sampler(self, space: SearchSpace, seed: int) -> BaseSampler:
        """Return the sampler of a space."""
        return OctavesSampler(space, seed, self._trials)


class OctavesSampler(SpaceSampler):
    """The sampler of `Octaves`."""

    def __init__(self, space: SearchSpace, seed: int, trials: int) -> None:
        super().__init__(space, seed)
        self._trials = trials

    def propose(
        self, history: History, draws: torch.Generator
    ) -> tuple[Choices, Mapping[str, Any]]:
        """Return the best choices with some of them drawn anew."""
        done = [r for r in history.records if r.state == "done" and r.value is not None]
        best = max(done, key=lambda r: r.value or 0.0).choices if done else {}
        octave = (len(history.records) // self._trials + 1).bit_length() - 1
        decisions = self.space.decisions
        count = max(1, len(decisions) >> octave)
        anew = set(torch.randperm(len(decisions), generator=draws)[:count].tolist())
        made: dict[str, Choice] = {}
        for place, decision in enumerate(decisions):
            opened = self.space.allowed(decision, made)
            choice = best.get(decision.name)
            if choice not in opened or place in anew:
                choice = opened[int(torch.randint(len(opened), (), generator=draws))]
            made[decision.name] = choice
        return made, {"octave": octave}
