"""Overlapping tiles of a large picture, and blending them without a visible seam."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

OVERLAP = 8
"""A tile overlaps its neighbours by its side divided by this."""


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


def lay_tiles(size: tuple[int, int], side: int, overlap: int, factor: int = 1) -> list[Tile]:
    """Cover a picture of `size` with tiles of about `side` that overlap by at least `overlap`.

    All tiles have one size, evenly spread; corners lie on multiples of `factor`.
    """
    spans = [_spans(length, side, overlap, factor) for length in size]
    starts = [range(len(span[0])) for span in spans]
    count = len(starts[0]) * len(starts[1])
    return [
        Tile(
            f"tile-{number}-of-{count}",
            spans[0][0][row],
            spans[1][0][column],
            spans[0][1],
            spans[1][1],
        )
        for number, (row, column) in enumerate(product(*starts), start=1)
    ]


def _spans(length: int, side: int, overlap: int, factor: int) -> tuple[list[int], int]:
    """Return the starts and the common length of the tiles along one axis."""
    side = max(factor, side // factor * factor)
    if side >= length:
        return [0], length
    count = -(-(length - overlap) // max(side - overlap, factor))
    last = length - side
    starts = [round(i * last / (count - 1) / factor) * factor for i in range(count)]
    return starts, side


class Blend:
    """The weighted mean of tiles, each frame for itself; weights fall linearly over the overlap."""

    def __init__(self, size: tuple[int, int], overlap: int) -> None:
        self._size = size
        self._overlap = overlap
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
        """Return weights that rise from both ends over the overlap and are 1 between."""
        from_start = torch.arange(length) + 0.5
        distance = torch.minimum(from_start, length - from_start)
        return (distance / max(self._overlap, 1)).clamp(max=1)
