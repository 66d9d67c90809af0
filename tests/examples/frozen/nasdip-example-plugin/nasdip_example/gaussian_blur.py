"""Gaussian blur as an operator."""

import torch
from torch import Tensor

from nasdip_core.operators import LinearOperator


class GaussianBlur(LinearOperator):
    """y = R x C^T on every channel: (B, C, H, W) -> (B, C, H, W).

    Row i of R (and of C) holds exp(-(i - j)^2 / (2 sigma^2)) over the samples j, scaled to sum 1,
    also at the border. sigma in pixels.
    """

    def __init__(self, size: tuple[int, int], sigma: float) -> None:
        self.rows, self.columns = (_matrix(side, sigma) for side in size)

    def forward(self, picture: Tensor) -> Tensor:
        """Return R x C^T."""
        return self.rows @ picture @ self.columns.T

    def adjoint(self, measured: Tensor) -> Tensor:
        """Return R^T y C."""
        return self.rows.T @ measured @ self.columns

    def to(self, device: torch.device) -> "GaussianBlur":
        """Move the matrices to a device."""
        self.rows, self.columns = self.rows.to(device), self.columns.to(device)
        return self


def _matrix(side: int, sigma: float) -> Tensor:
    places = torch.arange(side, dtype=torch.float64)
    weights = torch.exp(-((places[:, None] - places) ** 2) / (2 * sigma**2))
    return (weights / weights.sum(dim=1, keepdim=True)).float()
