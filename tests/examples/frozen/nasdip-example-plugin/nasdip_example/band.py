"""A band of connections around the diagonal."""


def pattern(levels: int, width: int) -> list[list[bool]]:
    """Return S[d][s] = (|s - d| <= width), levels x levels."""
    return [[abs(source - level) <= width for source in range(levels)] for level in range(levels)]
