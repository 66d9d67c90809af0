"""Overlapping tiles of a large picture, and blending them without a visible seam."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from nasdip_core.errors import OptionError

_OVERLAP = 8
"""A tile passes into its neighbours over its side divided by this."""
SIDES_OF_MARGIN = 4
"""A tile's side is at least so many margins."""
_LEAST_WEIGHT = 1e-5


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of the picture, in pixels."""

    name: str
    top: int
    left: int
    height: int
    width: int

    def cut(self, tensor: Tensor, factor: int = 1) -> Tensor:
        """Return this part of (B, C, H, W), or of a tensor that is `factor` times smaller."""
        top, left = self.top // factor, self.left // factor
        bottom = top + self.height // factor
        return tensor[..., top:bottom, left : left + self.width // factor]


class Tiling:
    """A picture covered with tiles of about `side`, the outer `margin` of which counts for little.

    Within their margins neighbours overlap by at least an eighth of the side. Tiles are evenly
    spread; corners lie on multiples of `grid`, so that the last one may be longer by less than it.
    """

    def __init__(self, size: tuple[int, int], side: int, *, grid: int = 1, margin: int = 0) -> None:
        """Raises OptionError where the margins leave less than half of a tile."""
        self._size = size
        self._margin = margin
        self.blended = side // _OVERLAP
        """Pixels over which neighbours pass into each other."""
        if side < max(size) and side < SIDES_OF_MARGIN * margin:
            raise OptionError(
                f"tiles of {side} pixels are too small: {margin} on each side are margin",
                f"take tile={SIDES_OF_MARGIN * margin} or more",
            )
        overlap = self.blended + 2 * margin
        rows, columns = (_spans(length, side, overlap, grid) for length in size)
        count = len(rows) * len(columns)
        self.tiles = [
            Tile(f"tile-{number}-of-{count}", top, left, height, width)
            for number, ((top, height), (left, width)) in enumerate(product(rows, columns), start=1)
        ]

    def blend(self) -> "Blend":
        """Return what puts the tiles together again."""
        return Blend(self._size, self.blended, self._margin)


def _spans(length: int, side: int, overlap: int, grid: int) -> list[tuple[int, int]]:
    """Return start and length of the tiles along one axis."""
    side = max(grid, side // grid * grid)
    if side >= length:
        return [(0, length)]
    last = (length - side) // grid * grid
    if not last:
        return [(0, length)]
    step = max((side - overlap) // grid * grid, grid)
    count = -(-last // step) + 1
    starts = [round(i * last / (count - 1) / grid) * grid for i in range(count)]
    return [*((start, side) for start in starts[:-1]), (last, length - last)]


class Blend:
    """The weighted mean of tiles, each frame for itself.

    Weights fall linearly over `overlap` pixels, to next to nothing in the margin.
    """

    def __init__(self, size: tuple[int, int], overlap: int, margin: int = 0) -> None:
        self._size = size
        self._overlap = overlap
        self._margin = margin
        self._sums: dict[str, Tensor] = {}
        self._weights = torch.zeros(1, 1, *size)

    def add(self, tile: Tile, estimate: Mapping[str, Tensor]) -> None:
        """Take in a tile's outputs, (B, C, h, w) each."""
        weights = self._ramp(tile.height)[:, None] * self._ramp(tile.width)[None, :]
        tile.cut(self._weights).add_(weights)
        for name, output in estimate.items():
            if name not in self._sums:
                self._sums[name] = torch.zeros(*output.shape[:2], *self._size)
            tile.cut(self._sums[name]).addcmul_(output.cpu(), weights)

    def result(self) -> dict[str, Tensor]:
        """Return the blended outputs; every pixel must have been covered."""
        return {name: total.div_(self._weights) for name, total in self._sums.items()}

    def _ramp(self, length: int) -> Tensor:
        """Return weights that rise from both margins over the overlap and are 1 between."""
        from_start = torch.arange(length) + 0.5
        distance = torch.minimum(from_start, length - from_start) - self._margin
        # At the border of the picture the margin is all there is.
        return (distance / max(self._overlap, 1)).clamp(_LEAST_WEIGHT, 1)
