"""Spaces whose networks were all fitted: nothing in them is a guess."""

import numpy as np
from numpy.typing import NDArray
from table import Table
from work import PATTERN_CELLS, spaces

from nasdip_core.space import Choices, SearchSpace
from nasdip_searchspaces.space.cell import decode_cell
from nasdip_searchspaces.space.nas_dip_pattern import NasDipPattern

SPACES = (
    "nas-dip-cell",
    *(f"nas-dip-pattern.{cell['cell.resample']}" for cell in PATTERN_CELLS),
)
"""All cells, and all patterns with each of two cells, which are named by how they resample."""


class Measured:
    """A space, and the self-stopped PSNR of its networks on pictures 0 and 1."""

    def __init__(self, table: Table, space: str, task: str) -> None:
        """`space`: one of `SPACES`. Raises ValueError where nothing was run."""
        resample = space.partition(".")[2]
        cell = next((c for c in table.pattern_cells if c["cell.resample"] == resample), None)
        whole = space if cell is None else "nas-dip"
        self._table, self._cell = table, cell or {}
        self.space: SearchSpace = (
            spaces(16)[space]
            if cell is None
            else NasDipPattern(proxy_width=None, cell=decode_cell(cell))
        )
        rewards = table.values(whole, "stopped")[table.tasks.index(task), :, :2, 0, 0]
        inside = [self._cell.items() <= network.items() for network in table.points(whole)]
        run = np.array(inside) & np.isfinite(rewards).all(axis=1)
        if not run.any():
            raise ValueError(f"{space}, {task}: nothing was run")
        self._rewards = np.where(run[:, None], rewards, np.nan).astype(np.float64)
        self.best: NDArray[np.float64] = np.nanmax(self._rewards, axis=0)
        """The most on each picture."""
        self.best_mean = float(np.nanmax(self._rewards.mean(axis=1)))
        """The most in the mean over both."""
        self.known = int(run.sum())
        """How many networks of the space were run."""
        times = table.values(whole, "seconds")[table.tasks.index(task), :, :2, 0, 0].mean(axis=1)
        self._seconds = np.where(run, times, np.median(times[run]))

    def __call__(self, choices: Choices) -> NDArray[np.float64]:
        """Return dB by picture. Raises KeyError for a network not run, or one that diverged."""
        rewards: NDArray[np.float64] = self._rewards[self._place(choices)]
        if np.isnan(rewards).any():
            raise KeyError(f"not all of these fits were made, or one diverged: {dict(choices)}")
        return rewards

    def seconds(self, choices: Choices) -> float:
        """Return what a fit took, in the mean over both pictures; where none was, the median."""
        return float(self._seconds[self._place(choices)])

    def _place(self, choices: Choices) -> int:
        return self._table.find({**self._cell, **choices})[1]
