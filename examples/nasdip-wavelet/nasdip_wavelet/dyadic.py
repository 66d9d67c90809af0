"""Connections over powers of two (torch-free)."""


def pattern(levels: int, reach: int) -> list[list[bool]]:
    """Return S[d][s] = (|s - d| in {0, 1, 2, 4, ...} and <= reach), levels x levels."""
    steps = {0} | {2**power for power in range(levels)}
    crossed = {step for step in steps if step <= reach}
    return [[abs(source - level) in crossed for source in range(levels)] for level in range(levels)]
