"""Compressed sensing with a random matrix."""

import math

import numpy as np
import torch
from scipy.fft import dct
from torch import Tensor

from nasdip_core.operators import LinearOperator
from nasdip_core.seeds import generator


class CompressedSensing(LinearOperator):
    """y = S C (s . x): random signs s, orthonormal 2-D cosine transform C, m random rows S.

    (B, C, H, W) -> (B, C, 1, m), A A^T = I. A structurally random matrix, which does what a dense
    Gaussian one does at n log n cost. Do, Gan, Nguyen, Tran, "Fast and efficient compressive
    sensing using structurally random matrices", 2012.
    """

    def __init__(self, size: tuple[int, int], *, ratio: float, seed: int) -> None:
        """`size` is (H, W)."""
        draws = generator(seed, "compressed-sensing")
        self._size = size
        count = max(1, round(ratio * math.prod(size)))
        self._signs = torch.randint(0, 2, size, generator=draws).float() * 2 - 1
        self._places = torch.randperm(math.prod(size), generator=draws)[:count].sort().values
        self._rows, self._columns = (_cosines(side) for side in size)

    def forward(self, picture: Tensor) -> Tensor:
        """Return A x."""
        transformed = self._rows @ (picture * self._signs) @ self._columns.T
        return transformed.flatten(2)[:, :, None, self._places]

    def adjoint(self, measured: Tensor) -> Tensor:
        """Return A^T y."""
        spread = measured.new_zeros(*measured.shape[:2], math.prod(self._size))
        spread[..., self._places] = measured[:, :, 0]
        back: Tensor = (
            self._rows.T @ spread.reshape(*measured.shape[:2], *self._size) @ self._columns
        )
        return back * self._signs

    def project(self, picture: Tensor, measured: Tensor) -> Tensor:
        """Return x + A^T (y - A x)."""
        return picture + self.adjoint(measured - self.forward(picture))

    def to(self, device: torch.device) -> "CompressedSensing":
        """Move signs, places and cosines to a device."""
        self._signs, self._places = self._signs.to(device), self._places.to(device)
        self._rows, self._columns = self._rows.to(device), self._columns.to(device)
        return self


def _cosines(side: int) -> Tensor:
    """Return the orthonormal DCT-II (side, side), a frequency a row."""
    return torch.from_numpy(dct(np.eye(side), axis=0, norm="ortho")).float()
