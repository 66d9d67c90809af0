"""The base of the strategies that are nasdip's own: they propose nothing twice if they can."""

from abc import abstractmethod
from collections.abc import Mapping, Set
from typing import Any

import torch

from nasdip_core.space import Choice, Choices, InfeasibleError, SearchSpace
from nasdip_core.study.records import History, Record
from nasdip_core.study.sampler import SpaceSampler

_ATTEMPTS = 20

Key = tuple[Choice, ...]
Proposal = tuple[dict[str, Choice], Mapping[str, Any]]


class FreshSampler(SpaceSampler):
    """Draws again, and more boldly each time, what the study has already."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        super().__init__(space, seed)
        self.known: Set[Key] = frozenset()
        """Keys of the architectures that the study has, up to date while `draw` runs."""
        self._closed: set[Key] = set()
        self._read = 0

    @abstractmethod
    def draw(self, history: History, draws: torch.Generator, attempt: int) -> Proposal:
        """Return canonical choices and notes, as `propose` does; attempts count from 0.

        A strategy that has settled on what is known has to stray from it in later attempts.
        """

    def propose(self, history: History, draws: torch.Generator) -> Proposal:
        """Return the first draw that is new, or else the last one."""
        self.known = self._known(history)
        for attempt in range(_ATTEMPTS):
            proposal = self.draw(history, draws, attempt)
            if self.key(proposal[0]) not in self.known:
                break
        return proposal

    def key(self, choices: Choices) -> Key:
        """Return what tells canonical choices from others."""
        return tuple(choices[decision.name] for decision in self.space.decisions)

    def _known(self, history: History) -> Set[Key]:
        records = history.records
        # What stands before the first open record does not change any more and is read once.
        while self._read < len(records) and records[self._read].state != "open":
            self._closed |= self._keys(records[self._read])
            self._read += 1
        return self._closed.union(*map(self._keys, records[self._read :]))

    def _keys(self, record: Record) -> Set[Key]:
        try:
            return {self.key(self.space.canonical(record.choices))}
        except InfeasibleError:
            return frozenset()  # ruled out, or not made up yet


def has_value(record: Record) -> bool:
    """Return whether a record tells how good its architecture is."""
    return record.state in ("done", "pruned") and record.value is not None


def value_of(record: Record) -> float:
    """Return the value of a record that has one."""
    assert record.value is not None
    return record.value
