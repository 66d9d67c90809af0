"""The first stage of NAS-DIP's search: the upsampling cell alone."""

from collections.abc import Sequence

from nasdip_core.architecture.specification import Architecture
from nasdip_core.space import Choice, Choices, Decision, SearchSpace
from nasdip_searchspaces.space.cell import NAS_DIP_CELL, cell_allowed, decode_cell, encode_cell
from nasdip_searchspaces.space.counting import count
from nasdip_searchspaces.space.sameness import point_of
from nasdip_searchspaces.space.skeleton import NAS_DIP_FIT, named_network, narrowed


class NasDipCell(SearchSpace):
    """Cells in the skip network of the deep image prior, whose own is the bilinear one.

    Source: Chen et al., "NAS-DIP", ECCV 2020, as its released code evaluates cells.
    """

    fit = NAS_DIP_FIT

    def __init__(self, *, proxy_width: int | None) -> None:
        self.decisions = NAS_DIP_CELL
        self.size = count(NAS_DIP_CELL, cell_allowed)
        self._skeleton = named_network("dip")
        self._proxy_width = proxy_width

    def allowed(self, decision: Decision, made: Choices) -> Sequence[Choice]:
        """Return the open choices: those of a cell that can be built."""
        return cell_allowed(decision, made)

    def decode(self, choices: Choices) -> Architecture:
        """Return the network at full width."""
        return self._skeleton.model_copy(update={"cell": decode_cell(choices)})

    def encode(self, architecture: Architecture) -> dict[str, Choice]:
        """Return the choices of a network. Raises InfeasibleError where it is no point."""
        return point_of(self, encode_cell(architecture.cell), architecture)

    def proxy(self, architecture: Architecture) -> Architecture:
        """Return the network with no more than `proxy_width` channels a level."""
        return narrowed(architecture, self._proxy_width)
