"""The decisions of a pattern of connections that all levels share (torch-free)."""

from collections.abc import Iterable

from nasdip_core.space import Choice, Choices, Decision

NAS_DIP_OFFSETS = range(-4, 5)
"""Those that reach a level of five; three released networks are such patterns (NAS-DIP)."""


def offset_decisions(offsets: Iterable[int]) -> tuple[Decision, ...]:
    """Return one decision for each offset: source level minus destination level."""
    return tuple(Decision(f"offset{offset:+d}", (False, True)) for offset in offsets)


def decode_offsets(offsets: Iterable[int], choices: Choices) -> list[int]:
    """Return the offsets that are chosen."""
    return [offset for offset in offsets if choices[f"offset{offset:+d}"]]


def encode_offsets(offsets: Iterable[int], matrix: list[list[bool]]) -> dict[str, Choice]:
    """Return for each offset whether any level of a matrix has it."""
    levels = range(len(matrix))
    return {
        f"offset{offset:+d}": any(
            matrix[level][level + offset] for level in levels if level + offset in levels
        )
        for offset in offsets
    }
