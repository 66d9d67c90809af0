"""The second stage of NAS-DIP's search: the pattern of connections, with a given cell."""

from collections.abc import Mapping
from typing import Any

from nasdip_core.architecture.specification import Architecture, Cell
from nasdip_core.space import Choice, Choices, SearchSpace
from nasdip_searchspaces.residual import offsets
from nasdip_searchspaces.space.offsets import (
    NAS_DIP_OFFSETS,
    decode_offsets,
    encode_offsets,
    offset_decisions,
)
from nasdip_searchspaces.space.pattern import matrix_of, use_of
from nasdip_searchspaces.space.sameness import point_of
from nasdip_searchspaces.space.skeleton import NAS_DIP_FIT, named_network, narrowed


class NasDipPattern(SearchSpace):
    """Patterns of nine offsets around one cell, in the skeleton of the released networks.

    Source: Chen et al., "NAS-DIP", ECCV 2020.
    """

    fit = NAS_DIP_FIT

    def __init__(self, *, proxy_width: int | None, cell: Cell | Mapping[str, Any]) -> None:
        self.decisions = offset_decisions(NAS_DIP_OFFSETS)
        self.size = 2 ** len(NAS_DIP_OFFSETS)
        skeleton = named_network("nas-dip-denoise")
        self._skeleton = skeleton.model_copy(update={"cell": Cell.model_validate(cell)})
        self._proxy_width = proxy_width

    def decode(self, choices: Choices) -> Architecture:
        """Return the network at full width."""
        chosen = decode_offsets(NAS_DIP_OFFSETS, choices)
        residual = use_of(offsets.pattern(self._skeleton.levels, chosen))
        return self._skeleton.model_copy(update={"residual": residual})

    def encode(self, architecture: Architecture) -> dict[str, Choice]:
        """Return the choices of a network. Raises InfeasibleError where it is no point."""
        matrix = matrix_of(architecture.residual, architecture.levels)
        return point_of(self, encode_offsets(NAS_DIP_OFFSETS, matrix), architecture)

    def proxy(self, architecture: Architecture) -> Architecture:
        """Return the network with no more than `proxy_width` channels a level."""
        return narrowed(architecture, self._proxy_width)
