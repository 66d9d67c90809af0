"""The contract of `space` plugins: an ordered list of decisions that make an architecture."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from nasdip_core.architecture.specification import Architecture
from nasdip_core.errors import OptionError

Choice = str | int | float | bool
Choices = Mapping[str, Choice]
"""One choice a decision, by the names of the decisions."""


class InfeasibleError(OptionError):
    """Choices that no network can be made of."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A named question and its possible answers."""

    name: str
    choices: tuple[Choice, ...]


class SearchSpace(ABC):
    """Base of `space` plugins, constructed with the fields of their options model. Pure."""

    decisions: Sequence[Decision]
    """In the order in which they are made."""
    size: int
    """Number of different architectures."""
    fit: Mapping[str, Any] = MappingProxyType({})
    """Fit options that its architectures were made for, on top of those of the task's default."""

    @abstractmethod
    def decode(self, choices: Choices) -> Architecture:
        """Return the architecture of canonical choices, as it is to be used."""

    @abstractmethod
    def encode(self, architecture: Architecture) -> dict[str, Choice]:
        """Return the canonical choices of an architecture.

        Raises InfeasibleError, naming the part, where it is no point of this space.
        """

    def allowed(self, decision: Decision, made: Choices) -> Sequence[Choice]:
        """Return the choices that are open once earlier decisions are `made`, at least one.

        A decision that no longer matters has a single one, so that no architecture can be told in
        two ways.
        """
        return decision.choices

    def proxy(self, architecture: Architecture) -> Architecture:
        """Return the architecture that a search fits in place of `architecture`: a narrower one."""
        return architecture

    def canonical(self, choices: Choices) -> dict[str, Choice]:
        """Return the choices with those that do not matter replaced by the only one open.

        Raises InfeasibleError where a choice is not open after earlier ones, or is missing.
        """
        made: dict[str, Choice] = {}
        for decision in self.decisions:
            opened = self.allowed(decision, made)
            if len(opened) == 1:
                made[decision.name] = opened[0]
                continue
            if decision.name not in choices:
                raise InfeasibleError(f"decision '{decision.name}' is not made")
            choice = choices[decision.name]
            if choice not in opened:
                raise InfeasibleError(
                    f"choice '{decision.name}' = {choice!r} is not open here",
                    f"open: {', '.join(map(str, opened))}",
                )
            made[decision.name] = choice
        unknown = choices.keys() - made.keys()
        if unknown:
            raise InfeasibleError(f"unknown decision '{min(unknown)}'")
        return made
