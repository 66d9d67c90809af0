"""Forward operators of a measurement: the contract of `operator` plugins."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from nasdip_core.errors import OptionError


class Operator(ABC):
    """y = A(x): differentiable, from pictures (B, C, H, W) to measurements of any four axes."""

    factor: int = 1
    """Pixels of the picture along a side of one measurement."""
    indispensable: Tensor | None = None
    """(1, 1, h, w) bool: measurements that are never kept back, as nothing else tells them."""

    @property
    def grid(self) -> int:
        """Pixels on whose multiples the corners of a part lie."""
        return self.factor

    @abstractmethod
    def forward(self, picture: Tensor) -> Tensor:
        """Return A(x)."""

    def balanced(self, residual: Tensor) -> Tensor:
        """Return a residual (B, c, h, w), what the operator weakens raised: fits are quicker.

        White noise keeps its mean square. The default changes nothing.
        """
        return residual

    def project(self, picture: Tensor, measured: Tensor) -> Tensor:
        """Return the nearest picture that agrees with the measurements: x + A^+ (y - A x).

        The default leaves the picture as it is.
        """
        return picture

    def tile(self, size: tuple[int, int]) -> "Operator":
        """Return the same operator for a part of the picture of this size.

        Raises OptionError where the operator does not act locally.
        """
        raise OptionError("this task cannot be done in tiles", "take a smaller picture")

    def to(self, device: torch.device) -> "Operator":
        """Move the operator's tensors to a device."""
        return self


class LinearOperator(Operator):
    """y = A x, with the adjoint: <A x, y> = <x, A^T y>."""

    @abstractmethod
    def adjoint(self, measured: Tensor) -> Tensor:
        """Return A^T y."""


class Identity(LinearOperator):
    """y = x."""

    def forward(self, picture: Tensor) -> Tensor:
        """Return x."""
        return picture

    def adjoint(self, measured: Tensor) -> Tensor:
        """Return y."""
        return measured

    def tile(self, size: tuple[int, int]) -> "Identity":
        """Return the identity."""
        return self
