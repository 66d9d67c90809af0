"""The smooth part of the starlet transform as an operator."""

import torch
from torch import Tensor

from nasdip_core.operators import LinearOperator

_SPLINE = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


class Starlet(LinearOperator):
    """y = R x C^T on every channel: the picture without its finest wavelet planes.

    R and C are products over the planes j = 0, 1, ... of convolutions with the B3 spline
    (1, 4, 6, 4, 1) / 16, its samples 2^j pixels apart, mirrored at the border. Source: Starck and
    Murtagh, "Astronomical image and data analysis", 2006, section 2.3 (the a trous algorithm).
    """

    def __init__(self, size: tuple[int, int], planes: int) -> None:
        self.rows, self.columns = (_matrix(side, planes) for side in size)

    def forward(self, picture: Tensor) -> Tensor:
        """Return R x C^T."""
        return self.rows @ picture @ self.columns.T

    def adjoint(self, measured: Tensor) -> Tensor:
        """Return R^T y C."""
        return self.rows.T @ measured @ self.columns

    def to(self, device: torch.device) -> "Starlet":
        """Move the matrices to a device."""
        self.rows, self.columns = self.rows.to(device), self.columns.to(device)
        return self


def _matrix(side: int, planes: int) -> Tensor:
    smooth = torch.eye(side, dtype=torch.float64)
    period = max(1, 2 * side - 2)
    for plane in range(planes):
        step = torch.zeros(side, side, dtype=torch.float64)
        for tap, weight in enumerate(_SPLINE, start=-2):
            for row in range(side):
                place = (row + tap * 2**plane) % period
                step[row, min(place, period - place)] += weight
        smooth = step @ smooth
    return smooth.float()
