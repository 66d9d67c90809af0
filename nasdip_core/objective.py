"""The contract of `objective` plugins: further terms of the loss of a picture (torch-free)."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.problem import Problem


class Objective(ABC):
    """Base of `objective` plugins, constructed with Plugins and their options; one object a fit."""

    def begin(self, problem: "Problem") -> None:
        """Hear what is fitted, before the first step."""

    @abstractmethod
    def term(self, picture: "Tensor", step: int) -> "Tensor":
        """Return a scalar that is added to the loss of a step, numbered from 1.

        `picture` (1, C, H, W) is what the network says, with its gradient. The rest of the loss is
        the mean squared residual, divided by the variance of the noise where that is known.
        """

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint must hold to go on: tensors, numbers, lists, by name."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` returned."""
