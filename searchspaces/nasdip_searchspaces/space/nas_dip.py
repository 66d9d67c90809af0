"""The space of NAS-DIP: the upsampling cell, and one pattern of level offsets."""

from collections.abc import Sequence

from nasdip_core.architecture.specification import Architecture
from nasdip_core.space import Choice, Choices, Decision, SearchSpace
from nasdip_searchspaces.residual import offsets
from nasdip_searchspaces.space.cell import NAS_DIP_CELL, cell_allowed, decode_cell, encode_cell
from nasdip_searchspaces.space.counting import count
from nasdip_searchspaces.space.offsets import (
    NAS_DIP_OFFSETS,
    decode_offsets,
    encode_offsets,
    offset_decisions,
)
from nasdip_searchspaces.space.pattern import matrix_of, use_of
from nasdip_searchspaces.space.sameness import point_of
from nasdip_searchspaces.space.skeleton import NAS_DIP_FIT, named_network, narrowed


class NasDip(SearchSpace):
    """Cells x patterns of nine offsets, in the skeleton of the three released networks.

    Source: Chen et al., "NAS-DIP", ECCV 2020, and its released networks, which are points of it.
    """

    fit = NAS_DIP_FIT

    def __init__(self, *, proxy_width: int | None) -> None:
        self.decisions = (*NAS_DIP_CELL, *offset_decisions(NAS_DIP_OFFSETS))
        self.size = count(NAS_DIP_CELL, cell_allowed) * 2 ** len(NAS_DIP_OFFSETS)
        self._skeleton = named_network("nas-dip-denoise")
        self._proxy_width = proxy_width

    def allowed(self, decision: Decision, made: Choices) -> Sequence[Choice]:
        """Return the open choices: those of a cell that can be built, any offset."""
        return cell_allowed(decision, made)

    def decode(self, choices: Choices) -> Architecture:
        """Return the network at full width."""
        chosen = decode_offsets(NAS_DIP_OFFSETS, choices)
        residual = use_of(offsets.pattern(self._skeleton.levels, chosen))
        return self._skeleton.model_copy(
            update={"cell": decode_cell(choices), "residual": residual}
        )

    def encode(self, architecture: Architecture) -> dict[str, Choice]:
        """Return the choices of a network. Raises InfeasibleError where it is no point."""
        matrix = matrix_of(architecture.residual, architecture.levels)
        choices = {**encode_cell(architecture.cell), **encode_offsets(NAS_DIP_OFFSETS, matrix)}
        return point_of(self, choices, architecture)

    def proxy(self, architecture: Architecture) -> Architecture:
        """Return the network with no more than `proxy_width` channels a level."""
        return narrowed(architecture, self._proxy_width)
