"""Factorization: M ~ T L, entries of M may be missing (Aittala et al. 2019, section 3)."""

import math

import torch
from torch import Tensor

from nasdip_core.errors import OptionError, PictureError
from nasdip_core.factorization import FactorizationProblem, Layout
from nasdip_core.problem import Problem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_tasks.factorize.options import FactorizeCorruption, FactorizeOptions

_RANK = 16
"""Components where nobody says how many."""


class Factorize(Task[FactorizeOptions, FactorizeCorruption]):
    """Finds two factors whose product is a matrix, a cube or a stack of frames."""

    def problem(
        self, inputs: Inputs, options: FactorizeOptions, generator: torch.Generator
    ) -> Problem:
        """Return the coupled fit.

        Raises PictureError for gaps that nobody asked to fill, a row or column without an entry;
        OptionError for a rank above the matrix's or a grid that does not fit.
        """
        layout = _layout(inputs.picture, options)
        known = _known(inputs, options)
        picture = torch.where(known, inputs.picture, inputs.zero)
        matrix, seen = layout.matrix(picture) - inputs.zero, layout.matrix(known)
        for axis, name in ((1, "row"), (0, "column")):
            empty = (~seen.any(axis)).nonzero().flatten()
            if len(empty):
                raise PictureError(
                    f"nothing is known of {name} {int(empty[0])} of the matrix"
                    f"{f' and {len(empty) - 1} more' if len(empty) > 1 else ''}",
                    "leave it out: its factor could be anything"
                    if layout.picture[0] == 1
                    else "a pixel is a row: mark entries, by an array of marks, or take 'inpaint'",
                )
        most = min(matrix.shape)
        if options.rank is not None and options.latent == "free" and options.rank > most:
            raise OptionError(
                f"task.rank = {options.rank} is above the rank of a matrix of "
                f"{matrix.shape[0]} x {matrix.shape[1]}",
                f"{most} at most",
            )
        return FactorizationProblem(
            picture,
            known,
            layout,
            rank=options.rank or min(_RANK, most),
            neighbours=options.latent == "line",
            nonnegative=options.nonnegative,
            carrier=options.scale,
            zero=inputs.zero,
            span=inputs.span,
            truth=inputs.truth,
            draws=generator,
        )

    def corrupt(
        self, truth: Tensor, options: FactorizeCorruption, generator: torch.Generator
    ) -> Damaged:
        """Lose single entries, which are then 0; of several channels one stays."""
        lost = torch.rand(truth.shape, generator=generator) < options.missing
        if truth.shape[1] > 1:
            gaps = truth.isnan()
            order = torch.rand(truth.shape, generator=generator).masked_fill(gaps, -1)
            spared = torch.zeros_like(lost).scatter(1, order.argmax(dim=1, keepdim=True), 1)
            lost &= ~((lost | gaps).all(dim=1, keepdim=True) & spared)
        return Damaged(truth.masked_fill(lost, 0), truth, lost)


def _layout(picture: Tensor, options: FactorizeOptions) -> Layout:
    """Return the sides of the matrix and their grids. Raises OptionError where one does not fit."""
    channels, height, width = (int(side) for side in picture.shape[1:])
    rows, columns = (height, width), (1, channels)
    grids = options.rows is not None or options.columns is not None
    if grids and options.latent == "line":
        raise OptionError(
            "task.rows and task.columns do nothing with task.latent = 'line'",
            "leave them out: each factor is one picture",
        )
    if channels == 1:
        rows = _grid("rows", options.rows, height) or (height, 1)
        columns = _grid("columns", options.columns, width) or (1, width)
    elif grids:
        raise OptionError("task.rows and task.columns are for a matrix, this is a cube")
    elif options.latent == "line":
        raise OptionError("task.latent = 'line' is for a matrix, this is a cube")
    return Layout((channels, height, width), rows, columns)


def _grid(name: str, grid: tuple[int, int] | None, side: int) -> tuple[int, int] | None:
    if grid is not None and math.prod(grid) != side:
        raise OptionError(f"task.{name} = {grid} has {math.prod(grid)} places, the matrix {side}")
    return grid


def _known(inputs: Inputs, options: FactorizeOptions) -> Tensor:
    """Return (1, C, H, W) bool. Raises PictureError for gaps that nobody asked to fill."""
    gaps = inputs.picture.isnan()
    if gaps.any() and not options.nan_missing:
        raise PictureError(
            f"{int(gaps.sum())} entries are no numbers (NaN)",
            "to treat them as missing: -S task.nan_missing=true",
        )
    if inputs.mask is not None:
        gaps = gaps | (inputs.mask >= 0.5).expand_as(gaps)
    if gaps.all():
        raise PictureError("every entry is missing")
    return ~gaps
