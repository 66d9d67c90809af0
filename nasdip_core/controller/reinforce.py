"""REINFORCE, the weights of which are a function of the study's history."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from nasdip_core.controller.policy import Policy, Trace, one_thread
from nasdip_core.space import Choice, InfeasibleError
from nasdip_core.study.records import History, Record

VERSION = "version"
"""Note of a trial: how many updates the policy had seen that proposed it."""
LOG_PROBABILITY = "log_probability"
"""Note of a trial: logarithm of the probability with which it was proposed."""

_Lesson = tuple[Record, float, Trace]
"""A record, its value, and the way to its architecture."""


class Reinforce:
    r"""Learns a policy from the records of a study, batch by batch, in the order of their slots.

    A batch is the next n records that have a value; its update is made once it is full and every
    record before its end is closed. It ascends
    $\frac{1}{n} \sum_i \min(\rho_i, \bar\rho) A_i \log p(c_i) + \beta H(c_i)$:
    $\rho_i = p(c_i) / p_{then}(c_i)$, held constant, or 1 for a known architecture; $A_i$ is the
    value in deviations from a moving mean; H the entropy.
    Source: Williams, "Simple statistical gradient-following algorithms for connectionist
    reinforcement learning" (1992); moving baseline: Zoph and Le (ICLR 2017), 3.2; entropy: code
    of ENAS (Pham et al., ICML 2018); truncated ratio: Espeholt et al., "IMPALA" (ICML 2018), 4.1.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        batch: int,
        rate: float,
        memory: float,
        entropy: float,
        ratio: float,
    ) -> None:
        self.policy = policy
        self.version = 0
        """Updates made so far."""
        self._batch = batch
        self._read = 0
        """Records, from the first one on, that are learned from or wait in `_waiting`."""
        self._waiting: list[_Lesson] = []
        self._moments = _Moments(memory)
        self._entropy = entropy
        self._most = math.log(ratio)
        self._optimiser = torch.optim.Adam(policy.parameters(), lr=rate, fused=True)

    @one_thread()
    def learn(self, history: History) -> None:
        """Make the updates that the history allows and that were not made yet."""
        for record in history.records[self._read :]:
            if record.state == "open":
                return
            self._read += 1
            trace = self._trace(record)
            if trace is None or record.value is None:
                continue
            self._waiting.append((record, record.value, trace))
            if len(self._waiting) == self._batch:
                self._update(self._waiting)
                self._waiting = []
                self.version += 1

    def propose(
        self, draws: torch.Generator, temperature: float = 1.0
    ) -> tuple[dict[str, Choice], Mapping[str, Any]]:
        """Return canonical choices, and the notes by which they are learned from."""
        choices, log_probability = self.policy.sample(draws, temperature)
        return choices, {VERSION: self.version, LOG_PROBABILITY: log_probability}

    def _update(self, batch: Sequence[_Lesson]) -> None:
        now, entropy = self.policy([trace for *_, trace in batch])
        advantages = self._moments.standardise([value for _, value, _ in batch])
        ratios = [
            math.exp(min(log - record.notes.get(LOG_PROBABILITY, log), self._most))
            for log, (record, *_) in zip(now.tolist(), batch, strict=True)
        ]
        weights = torch.tensor(ratios, dtype=now.dtype) * torch.tensor(advantages, dtype=now.dtype)
        gain = (weights * now + self._entropy * entropy).mean()
        self._optimiser.zero_grad()
        torch.autograd.backward(-gain)
        self._optimiser.step()

    def _trace(self, record: Record) -> Trace | None:
        """Return the way to a record's architecture; None where it was not trained."""
        if record.state not in ("done", "pruned"):
            return None
        try:
            return self.policy.trace(record.choices)
        except InfeasibleError:
            return None


class _Moments:
    """Moving mean and deviation: a value weighs `memory` less with each one that follows."""

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self._weight = self._mean = self._square = 0.0

    def standardise(self, values: Sequence[float]) -> list[float]:
        """Take in values, and return them in deviations from the mean; 0 where all are equal."""
        for value in values:
            self._weight = self._memory * self._weight + 1
            step = value - self._mean
            self._mean += step / self._weight
            self._square = self._memory * self._square + step * (value - self._mean)
        deviation = math.sqrt(self._square / self._weight)
        # Equal values differ from their mean by rounding errors.
        if deviation <= 1e-9 * abs(self._mean):
            return [0.0] * len(values)
        return [(value - self._mean) / deviation for value in values]
