"""The contract of `baseline` plugins: classical methods to compare with (torch-free)."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.problem import Problem

ProblemT = TypeVar("ProblemT", bound="Problem")
"""What the tasks of a baseline make of their inputs."""


class Baseline(ABC, Generic[ProblemT]):
    """Base of `baseline` plugins."""

    tasks: ClassVar[frozenset[str]]
    """Names of the tasks that it serves."""
    fills: ClassVar[bool] = False
    """Whether it fills missing pixels; the others are not given pictures that have some."""

    @abstractmethod
    def restore(self, problem: ProblemT) -> "Tensor":
        """Return the first output (1, C, H, W) from `problem.measured`; never reads the truth.

        It is clipped to [0, 1], and known pixels are copied where the task says so.
        """
