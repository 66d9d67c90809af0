"""The space of NAS-DIP without a shared pattern: any connection of five levels."""

from collections.abc import Sequence

from nasdip_core.architecture.specification import Architecture
from nasdip_core.space import Choice, Choices, Decision, SearchSpace
from nasdip_searchspaces.space.cell import NAS_DIP_CELL, cell_allowed, decode_cell, encode_cell
from nasdip_searchspaces.space.counting import count
from nasdip_searchspaces.space.pattern import matrix_of, use_of
from nasdip_searchspaces.space.sameness import point_of
from nasdip_searchspaces.space.skeleton import NAS_DIP_FIT, named_network, narrowed


class NasDipFree(SearchSpace):
    """Cells x binary matrices of five levels, in the skeleton of the released networks.

    Source: Chen et al., "NAS-DIP", ECCV 2020; its released code tells patterns by 25 bits.
    """

    fit = NAS_DIP_FIT

    def __init__(self, *, proxy_width: int | None) -> None:
        self._skeleton = named_network("nas-dip-denoise")
        self._levels = range(self._skeleton.levels)
        paths = [_path(d, s) for d in self._levels for s in self._levels]
        self.decisions = (*NAS_DIP_CELL, *(Decision(path, (False, True)) for path in paths))
        self.size = count(NAS_DIP_CELL, cell_allowed) * 2 ** len(paths)
        self._proxy_width = proxy_width

    def allowed(self, decision: Decision, made: Choices) -> Sequence[Choice]:
        """Return the open choices: those of a cell that can be built, any path."""
        return cell_allowed(decision, made)

    def decode(self, choices: Choices) -> Architecture:
        """Return the network at full width."""
        matrix = [[bool(choices[_path(d, s)]) for s in self._levels] for d in self._levels]
        return self._skeleton.model_copy(
            update={"cell": decode_cell(choices), "residual": use_of(matrix)}
        )

    def encode(self, architecture: Architecture) -> dict[str, Choice]:
        """Return the choices of a network. Raises InfeasibleError where it is no point."""
        have = range(architecture.levels)
        matrix = matrix_of(architecture.residual, architecture.levels)
        paths = {
            _path(d, s): d in have and s in have and matrix[d][s]
            for d in self._levels
            for s in self._levels
        }
        return point_of(self, {**encode_cell(architecture.cell), **paths}, architecture)

    def proxy(self, architecture: Architecture) -> Architecture:
        """Return the network with no more than `proxy_width` channels a level."""
        return narrowed(architecture, self._proxy_width)


def _path(destination: int, source: int) -> str:
    """Return the name of a decision; levels are numbered from 1."""
    return f"source-{source + 1}-level-{destination + 1}"
