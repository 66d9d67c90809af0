"""Which architectures a study knows already."""

from collections.abc import Sequence

from nasdip_core.space import Choice, Choices, InfeasibleError, SearchSpace
from nasdip_core.study.records import Record

_Key = tuple[tuple[str, Choice], ...]


class ArchitectureIndex:
    """The records of a study by their architectures."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._known: dict[_Key, Record] = {}
        self._indexed = 0

    def earlier(self, before: Sequence[Record], choices: Choices) -> Record | None:
        """Return the first record of canonical choices among earlier slots; None: there is none."""
        # Open records change; the closed ones at the beginning are looked at once.
        while self._indexed < len(before) and before[self._indexed].state != "open":
            self._learn(self._known, before[self._indexed])
            self._indexed += 1
        known = dict(self._known) if self._indexed < len(before) else self._known
        for record in before[self._indexed :]:
            self._learn(known, record)
        return known.get(_key(choices))

    def _learn(self, known: dict[_Key, Record], record: Record) -> None:
        if record.duplicate or record.state in ("infeasible", "surplus"):
            return
        try:
            known.setdefault(_key(self._space.canonical(record.choices)), record)
        except InfeasibleError:
            return  # its decisions are not all made yet


def _key(choices: Choices) -> _Key:
    return tuple(sorted(choices.items()))
