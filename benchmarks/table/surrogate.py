"""A Gaussian process over the points of `nas-dip`, for those not run. Needs numpy alone."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from table import Choices, Table

Array = NDArray[np.float64]
SPACE, CELLS = "nas-dip", "nas-dip-cell"
LINEAR = 0.3
"""Weight of the cell's own reward in the kernel."""
LEAST = 20
"""Points without which nothing is promised."""


class Surrogate:
    """Mean self-stopped PSNR by the choices; what the cell is worth in `nas-dip-cell` helps.

    k(x, y) = exp(-d_cell / a - d_pattern / b) + 0.3 f(x) f(y), d the number of decisions that
    differ, f the cell's own reward, standardised. a, b and the noise are those of the least
    leave-one-out error, which has a closed form (Rasmussen and Williams, "Gaussian Processes for
    Machine Learning", 2006, 5.4.2).
    """

    def __init__(self, table: Table, task: str, pictures: Sequence[int] = (0, 1)) -> None:
        """Raises ValueError where less than 20 points were run."""
        self._options = list(table.decisions[SPACE].items())
        self._cells = len(table.decisions[CELLS])
        rewards, own = (table.means(space, task, pictures) for space in (SPACE, CELLS))
        run = ~np.isnan(rewards)
        if run.sum() < LEAST:
            raise ValueError(f"{SPACE}, {task}: {run.sum()} points were run, {LEAST} are needed")
        known = ~np.isnan(own)
        standard = (own - own[known].mean()) / (own[known].std() or 1.0) if known.any() else own
        cells = self._encoded(table.points(CELLS)).tolist()
        self._own = {tuple(cells[i]): float(standard[i]) for i in np.flatnonzero(known)}
        self.places: NDArray[np.intp] = np.flatnonzero(run)
        """Of the points that were run, among all of the space."""
        self.points: Array = self._encoded(table.points(SPACE))[run]
        self.rewards: Array = rewards[run]
        self._features = self._feature(self.points)
        self._mean, self._scale = self.rewards.mean(), self.rewards.std() or 1.0
        self._fit()

    def predict(self, choices: Choices) -> float:
        """Return the reward to be expected of canonical choices."""
        point = self._encoded([choices])
        near = self._kernel(point, self._feature(point), self._lengths)[0]
        return float(self._mean + self._scale * (near @ self._weights))

    def _fit(self) -> None:
        """Choose a, b and the noise by the points that are left out, and keep the weights."""
        target = (self.rewards - self._mean) / self._scale
        least = np.inf
        for lengths in product((2.0, 5.0), (2.0, 5.0, 12.0)):
            similar = self._kernel(self.points, self._features, lengths)
            values, vectors = np.linalg.eigh(similar)
            for noise in (0.03, 0.1, 0.3, 1.0):
                inverse = 1 / (values + noise)
                weights = vectors @ (inverse * (vectors.T @ target))
                left_out = weights / (vectors**2 @ inverse)
                error = float(np.mean(left_out**2))
                if error < least:
                    least, self._lengths, self._weights = error, lengths, weights
                    self.left_out: Array = self.rewards - self._scale * left_out
                    """What each point that was run would be taken for by all others."""

    def _kernel(self, points: Array, features: Array, lengths: tuple[float, float]) -> Array:
        """Return k of some points and those that were run."""
        differ = points[:, None] != self.points[None]
        cell = differ[..., : self._cells].sum(axis=2)
        pattern = differ[..., self._cells :].sum(axis=2)
        similar: Array = np.exp(-cell / lengths[0] - pattern / lengths[1])
        return similar + LINEAR * np.outer(features, self._features)

    def _feature(self, points: Array) -> Array:
        # A cell that was not run counts as an average one.
        return np.array([self._own.get(tuple(row[: self._cells]), 0.0) for row in points.tolist()])

    def _encoded(self, points: Sequence[Choices]) -> Array:
        """Return choices as their places among the options; those of a cell alone have fewer."""
        options = self._options[: len(points[0])]
        rows = [[choices.index(point[name]) for name, choices in options] for point in points]
        return np.array(rows, np.float64)
