"""Walks through a space: decision by decision, past what is ruled out."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from nasdip_core.space import Choice, Choices, Decision, SearchSpace

Item = TypeVar("Item")


def one_of(items: Sequence[Item], draws: torch.Generator) -> Item:
    """Return an item, all equally likely."""
    return items[int(torch.randint(len(items), (), generator=draws))]


def walk(
    space: SearchSpace, pick: Callable[[Decision, Sequence[Choice]], Choice]
) -> dict[str, Choice]:
    """Return canonical choices; `pick` makes the decisions that have several choices open."""
    made: dict[str, Choice] = {}
    for decision in space.decisions:
        opened = space.allowed(decision, made)
        made[decision.name] = opened[0] if len(opened) == 1 else pick(decision, opened)
    return made


def random_walk(space: SearchSpace, draws: torch.Generator) -> dict[str, Choice]:
    """Return canonical choices, each drawn evenly from what is open."""
    return walk(space, lambda _, opened: one_of(opened, draws))


class Surroundings:
    """What differs from an architecture in one decision."""

    def __init__(self, space: SearchSpace, choices: Choices) -> None:
        """`choices` are canonical."""
        self._space = space
        self._choices = choices
        self.others: dict[str, list[Choice]] = {}
        """The other open choices of every decision that has any."""

        def look(decision: Decision, opened: Sequence[Choice]) -> Choice:
            choice = choices[decision.name]
            self.others[decision.name] = [other for other in opened if other != choice]
            return choice

        walk(space, look)

    def neighbour(
        self, name: str, choice: Choice, fill: Callable[[Sequence[Choice]], Choice]
    ) -> dict[str, Choice]:
        """Return canonical choices with one of the `others` in a decision.

        Later decisions stay as they are as far as they can; `fill` makes those that cannot, or
        that did not matter before.
        """

        def pick(decision: Decision, opened: Sequence[Choice]) -> Choice:
            if decision.name == name:
                return choice
            before = self._choices[decision.name]
            stays = decision.name in self.others and before in opened
            return before if stays else fill(opened)

        return walk(self._space, pick)
