"""The recurrent controller of NAS-DIP, trained by REINFORCE."""

import torch
from optuna.samplers import BaseSampler

from nasdip_core.controller import reinforce
from nasdip_core.controller.policy import Policy
from nasdip_core.seeds import derive
from nasdip_core.space import SearchSpace
from nasdip_core.strategy import Strategy
from nasdip_core.study.records import History
from nasdip_plugins.strategy.fresh import FreshSampler, Proposal


class Reinforce(Strategy):
    """Draws from an LSTM that learns from the finished trials; see `nasdip_core.controller`.

    Source: Zoph and Le, "Neural Architecture Search with Reinforcement Learning" (ICLR 2017), as
    used by Chen et al., "NAS-DIP" (ECCV 2020).
    """

    def __init__(
        self,
        *,
        hidden: int,
        batch: int,
        rate: float,
        memory: float,
        entropy: float,
        ratio: float,
    ) -> None:
        self._hidden = hidden
        self._batch = batch
        self._rate = rate
        self._memory = memory
        self._entropy = entropy
        self._ratio = ratio

    def sampler(self, space: SearchSpace, seed: int) -> BaseSampler:
        """Return the sampler of a space."""
        learner = reinforce.Reinforce(
            Policy(space, derive(seed, "controller"), self._hidden),
            batch=self._batch,
            rate=self._rate,
            memory=self._memory,
            entropy=self._entropy,
            ratio=self._ratio,
        )
        return _Sampler(space, seed, learner)


class _Sampler(FreshSampler):
    def __init__(self, space: SearchSpace, seed: int, learner: reinforce.Reinforce) -> None:
        super().__init__(space, seed)
        self._learner = learner

    def draw(self, history: History, draws: torch.Generator, attempt: int) -> Proposal:
        self._learner.learn(history)
        return self._learner.propose(draws, temperature=1.3**attempt)
