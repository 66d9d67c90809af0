"""The contract of `features` plugins: what sets of pictures are compared by (torch-free)."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Features(ABC):
    """Base of `features` plugins, constructed with the fields of their options model."""

    @abstractmethod
    def describe(self, pictures: "Tensor") -> "Tensor":
        """Return (B, D), D numbers on each of B pictures (B, 3, H, W) in [0, 1].

        Each picture is described as if it were alone. Nothing is drawn, no gradient is kept.
        """
