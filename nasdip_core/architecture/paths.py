"""Cross-level paths: chains of x2 cells upwards, chains of stride-2 blocks downwards.

One module serves each transition between neighbouring levels, whatever path crosses it
(NAS-DIP). A chain that several destinations share is computed once.
"""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from nasdip_core.errors import OptionError


class CrossLevelPaths(nn.Module):
    """Brings sources to the levels where the pattern wants them.

    `matrix[d][s]` says that source s joins decoder level d (finest first). `sources` lists the
    channels of every source. Transitions that no path uses are not built.
    """

    def __init__(
        self,
        matrix: Sequence[Sequence[bool]],
        sources: Sequence[int],
        make_up: Callable[[int], nn.Module],
        make_down: Callable[[int, int], nn.Module],
    ) -> None:
        super().__init__()
        self.matrix = [list(row) for row in matrix]
        levels = len(self.matrix)
        highest = [self._destinations(s)[0] for s in range(levels)]
        lowest = [self._destinations(s)[-1] for s in range(levels)]
        up: dict[str, nn.Module] = {}
        down: dict[str, nn.Module] = {}
        for level in range(levels - 1):
            crossing = [s for s in range(level + 1, levels) if highest[s] <= level]
            _check_widths(sources, crossing, level)
            if crossing:
                up[f"{level + 2}_to_{level + 1}"] = make_up(sources[crossing[0]])
            if any(lowest[s] > level for s in range(level + 1)):
                down[f"{level + 1}_to_{level + 2}"] = make_down(sources[level], sources[level + 1])
        self.up = nn.ModuleDict(up)
        self.down = nn.ModuleDict(down)
        self._sources = list(sources)

    def channels(self, source: int, destination: int) -> int:
        """Return the channels with which a source arrives.

        Cells keep the channels of the level that they leave, stride-2 blocks give those of the
        level that they reach.
        """
        if source > destination:
            return self._sources[source]
        return self._sources[destination]

    def forward(self, sources: Sequence[Tensor]) -> list[dict[int, Tensor]]:
        """Return for each destination level the arriving tensors by source level."""
        arriving: list[dict[int, Tensor]] = [{} for _ in self.matrix]
        for source, features in enumerate(sources):
            wanted = self._destinations(source)
            here = features
            for level in range(source, wanted[0] - 1, -1):
                if level < source:
                    here = self.up[f"{level + 2}_to_{level + 1}"](here)
                if self.matrix[level][source]:
                    arriving[level][source] = here
            here = features
            for level in range(source + 1, wanted[-1] + 1):
                here = self.down[f"{level}_to_{level + 1}"](here)
                if self.matrix[level][source]:
                    arriving[level][source] = here
        return arriving

    def _destinations(self, source: int) -> list[int]:
        """Return the levels that a source joins, itself where there is none."""
        return [d for d, row in enumerate(self.matrix) if row[source]] or [source]


def _check_widths(sources: Sequence[int], crossing: Sequence[int], level: int) -> None:
    """Raise OptionError where one cell would have to serve paths of different widths."""
    widths = {sources[s] for s in crossing}
    if len(widths) > 1:
        raise OptionError(
            f"paths of {' and '.join(map(str, sorted(widths)))} channels meet on the way from "
            f"level {level + 2} to {level + 1}",
            "give encoder.widths that are equal there, or a pattern without offsets beyond +1",
        )
