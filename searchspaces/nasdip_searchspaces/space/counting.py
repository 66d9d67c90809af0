"""How many points a few decisions make (torch-free)."""

from collections.abc import Callable, Sequence

from nasdip_core.space import Choice, Choices, Decision


def count(
    decisions: Sequence[Decision], allowed: Callable[[Decision, Choices], Sequence[Choice]]
) -> int:
    """Return the number of ways in which decisions can be made that need no others."""

    def ways(place: int, made: dict[str, Choice]) -> int:
        if place == len(decisions):
            return 1
        decision = decisions[place]
        opened = allowed(decision, made)
        return sum(ways(place + 1, {**made, decision.name: choice}) for choice in opened)

    return ways(0, {})
