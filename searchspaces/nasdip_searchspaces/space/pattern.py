"""A pattern of connections as a matrix, and as the plugin that gives it (torch-free)."""

from nasdip_core.architecture.specification import Use
from nasdip_core.options import Options, parse
from nasdip_core.space import InfeasibleError
from nasdip_searchspaces.residual import matrix as written
from nasdip_searchspaces.residual import none, offsets, same_level

Matrix = list[list[bool]]
"""[destination decoder level][source level], finest first."""


def matrix_of(residual: Use, levels: int) -> Matrix:
    """Return the levels x levels matrix of one of the patterns of this package.

    Raises InfeasibleError for another one.
    """
    where = "architecture.residual.with"
    match residual.uses:
        case "offsets":
            shared = parse(offsets.OffsetsOptions, residual.with_, where)
            return offsets.pattern(levels, shared.offsets)
        case "matrix":
            whole = parse(written.MatrixOptions, residual.with_, where)
            return written.pattern(levels, whole.matrix)
        case "same-level":
            parse(Options, residual.with_, where)
            return same_level.pattern(levels)
        case "none":
            parse(Options, residual.with_, where)
            return none.pattern(levels)
    raise InfeasibleError(
        f"architecture.residual.uses = '{residual.uses}' is in no space of nasdip",
        "known: matrix, none, offsets, same-level",
    )


def use_of(matrix: Matrix) -> Use:
    """Return the shortest way to tell a matrix."""
    levels = len(matrix)
    found = {
        source - level
        for level, row in enumerate(matrix)
        for source, connected in enumerate(row)
        if connected
    }
    if not found:
        return Use(uses="none")
    if offsets.pattern(levels, sorted(found)) != matrix:
        rows = [[int(connected) for connected in row] for row in matrix]
        return Use.model_validate({"uses": "matrix", "with": {"matrix": rows}})
    if found == {0}:
        return Use(uses="same-level")
    return Use.model_validate({"uses": "offsets", "with": {"offsets": sorted(found)}})
