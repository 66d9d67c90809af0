"""A recurrent controller: a distribution over a search space, one decision after the other."""

import math
from bisect import bisect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor, nn

from nasdip_core.seeds import initialising
from nasdip_core.space import Choice, Choices, SearchSpace

_SPREAD = 0.1
"""Weights start uniform in [-0.1, 0.1], so that all choices are about equal (ENAS's code)."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Run a block on one thread: sums taken in another order would have other last bits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True, slots=True)
class Trace:
    """The way to an architecture: what was picked of what was open, D decisions of K choices."""

    picked: Tensor
    """Places of the choices, (D,) integers."""
    opened: Tensor
    """Which choices were open, (D, K) booleans; K is that of the longest decision."""


class Policy(nn.Module):
    r"""An LSTM that makes one decision after the other; float64, on the CPU.

    $p(c) = \prod_t \mathrm{softmax}(W_t h_t + b_t)_{c_t}$ over the choices that are open at
    decision t, $h_t$ the LSTM's state after the embeddings of the choices before. A decision with a
    single open choice adds nothing to log-probability and entropy.
    Source: Zoph and Le, "Neural Architecture Search with Reinforcement Learning" (ICLR 2017), 3.1;
    Pham et al., "Efficient Neural Architecture Search via Parameter Sharing" (ICML 2018), 2.2.
    """

    def __init__(self, space: SearchSpace, seed: int, hidden: int) -> None:
        super().__init__()
        self.space = space
        counts = [len(decision.choices) for decision in space.decisions]
        self._longest = max(counts)
        self._places = [{c: i for i, c in enumerate(d.choices)} for d in space.decisions]
        # Choice i of decision t has row first[t] + i of the embedding; row 0 is the start.
        self._first = torch.tensor([1, *counts[:-1]]).cumsum(0)
        with initialising(seed):
            self.lstm = nn.LSTM(hidden, hidden, dtype=torch.float64)
            self.embedding = _parameter(1 + sum(counts), hidden)
            self.weight = _parameter(len(counts), hidden, self._longest)
            self.bias = _parameter(len(counts), 1, self._longest)
            for parameter in self.parameters():
                nn.init.uniform_(parameter, -_SPREAD, _SPREAD)

    def trace(self, choices: Choices) -> Trace:
        """Return the way to the architecture of choices, canonical or not.

        Raises InfeasibleError where there is none.
        """
        canonical = self.space.canonical(choices)
        made: dict[str, Choice] = {}
        picked, opened = [], []
        for t, decision in enumerate(self.space.decisions):
            opened.append(self._mask(t, self.space.allowed(decision, made)))
            made[decision.name] = canonical[decision.name]
            picked.append(self._places[t][made[decision.name]])
        return Trace(torch.tensor(picked), torch.tensor(opened))

    @one_thread()
    @torch.no_grad()
    def sample(
        self, draws: torch.Generator, temperature: float = 1.0
    ) -> tuple[dict[str, Choice], float]:
        """Return canonical choices, drawn from softmax(logits / temperature), and the logarithm of
        the probability with which they were drawn.
        """
        # An operation on small tensors takes as long as all else of a decision: as few as can be.
        embedding, weight, bias = self.embedding.unsqueeze(1), self.weight, self.bias
        lstm, first = self.lstm.all_weights[0], self._first.tolist()
        chances = torch.rand(len(first), generator=draws, dtype=torch.float64).tolist()
        made: dict[str, Choice] = {}
        total, row = 0.0, embedding[0]
        state = (torch.zeros_like(row), torch.zeros_like(row))
        for t, decision in enumerate(self.space.decisions):
            state = torch.lstm_cell(row, state, *lstm)
            places = [self._places[t][c] for c in self.space.allowed(decision, made)]
            place = places[0]
            if len(places) > 1:
                logits = torch.addmm(bias[t], state[0], weight[t])[0].tolist()
                drawn, log = _drawn([logits[i] / temperature for i in places], chances[t])
                place = places[drawn]
                total += log
            made[decision.name] = decision.choices[place]
            row = embedding[first[t] + place]
        return made, total

    def forward(self, traces: Sequence[Trace]) -> tuple[Tensor, Tensor]:
        """Return log-probability and entropy of B traces, (B,) and (B,).

        The entropy is the sum of those of the decisions, given the choices before them.
        """
        picked = torch.stack([trace.picked for trace in traces], dim=1)  # (D, B)
        opened = torch.stack([trace.opened for trace in traces], dim=1)  # (D, B, K)
        rows = self._first[:, None] + picked
        before = torch.cat([rows.new_zeros(1, len(traces)), rows[:-1]])
        features, _ = self.lstm(self.embedding[before])  # (D, B, H)
        logits = torch.baddbmm(self.bias, features, self.weight)  # (D, B, K)
        logs = _log_softmax(logits, opened)
        chosen = logs.gather(2, picked[..., None]).squeeze(2)
        # Probability 0 times the logarithm of 0 would be no number.
        entropy = -(logs.exp() * logs.masked_fill(~opened, 0.0)).sum(2)
        return chosen.sum(0), entropy.sum(0)

    def _mask(self, t: int, opened: Sequence[Choice]) -> list[bool]:
        mask = [False] * self._longest
        for choice in opened:
            mask[self._places[t][choice]] = True
        return mask


def _parameter(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.empty(*shape, dtype=torch.float64))


def _drawn(logits: Sequence[float], chance: float) -> tuple[int, float]:
    """Return a place by softmax, as a number in [0, 1) decides, and the log of its probability."""
    most = max(logits)
    sums = list(accumulate(math.exp(logit - most) for logit in logits))
    # Rounded, the product may be the whole sum.
    place = bisect(sums, chance * sums[-1], hi=len(sums) - 1)
    return place, logits[place] - most - math.log(sums[-1])


def _log_softmax(logits: Tensor, opened: Tensor) -> Tensor:
    """Return log-probabilities (..., K), minus infinity for what is not open."""
    return logits.masked_fill(~opened, -torch.inf).log_softmax(-1)
