"""The contract of `refine` plugins: classical estimators around a fit (torch-free).

One object serves as a baseline (no pilot), as a guide for a network, and on top of a fit.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.restoration import RestorationProblem


class Refine(ABC):
    """Base of `refine` plugins, constructed with the fields of their options model."""

    tasks: ClassVar[frozenset[str]]
    """Names of the tasks that it serves."""

    @abstractmethod
    def refine(self, problem: "RestorationProblem", pilot: "Tensor | None") -> "Tensor":
        """Return an estimate (1, C, H, W) in [0, 1] from the measurements and a pilot.

        `pilot` is an earlier estimate (1, C, H, W), such as a fit's; None: there is none. Reads
        `problem.measured` only where `problem.fitted` is true, so that measurements that are kept
        back stay unseen; never reads the truth. Draws nothing: the same input, the same answer.
        """
