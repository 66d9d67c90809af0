"""Which networks are the same, however they are told (torch-free)."""

from collections.abc import Mapping
from typing import Any

from nasdip_core.architecture.specification import Architecture
from nasdip_core.space import Choice, Choices, InfeasibleError, SearchSpace
from nasdip_searchspaces.space.cell import plain_cell
from nasdip_searchspaces.space.pattern import matrix_of, use_of


def plain(architecture: Architecture) -> Architecture:
    """Return the same network, told without what changes nothing.

    Skip widths of levels that nothing joins or is added to are 1, and the merge of none is
    `concat`. Raises InfeasibleError for a pattern that this package does not know.
    """
    matrix = matrix_of(architecture.residual, architecture.levels)
    joined = [any(row) for row in matrix]
    merge = architecture.skip.merge if any(joined) else "concat"
    widths = tuple(
        width if merge == "concat" and here else 1
        for width, here in zip(architecture.skip.widths, joined, strict=True)
    )
    return architecture.model_copy(
        update={
            "skip": architecture.skip.model_copy(update={"merge": merge, "widths": widths}),
            "cell": plain_cell(architecture.cell),
            "residual": use_of(matrix),
        }
    )


def point_of(space: SearchSpace, choices: Choices, architecture: Architecture) -> dict[str, Choice]:
    """Return the canonical form of choices that were read off an architecture.

    Raises InfeasibleError, naming the first difference, where they make another network.
    """
    point = space.canonical(choices)
    have = plain(architecture).model_dump(by_alias=True)
    found = _difference(have, plain(space.decode(point)).model_dump(by_alias=True))
    if found is not None:
        name, value, ours = found
        raise InfeasibleError(
            f"architecture.{name} = {value!r} is not in the space", f"here it would be {ours!r}"
        )
    return point


def _difference(have: Any, ours: Any, name: str = "") -> tuple[str, Any, Any] | None:
    """Return the dotted name and both values of the first field that differs."""
    if not (isinstance(have, Mapping) and isinstance(ours, Mapping) and have.keys() == ours.keys()):
        return None if have == ours else (name.removeprefix("."), have, ours)
    differences = (_difference(have[key], ours[key], f"{name}.{key}") for key in have)
    return next((found for found in differences if found is not None), None)
