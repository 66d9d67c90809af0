"""The contract of `strategy` plugins: what makes the sampler of a search (torch-free)."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

    from nasdip_core.space import SearchSpace


class Strategy(ABC):
    """Base of `strategy` plugins, constructed with the fields of their options model."""

    by_cost: ClassVar[bool] = False
    """Whether it searches for quality against cost: two objectives, a front instead of a best."""

    @abstractmethod
    def sampler(self, space: "SearchSpace", seed: int) -> "BaseSampler":
        """Return an Optuna sampler of the space.

        Every draw follows from (seed, number of the trial), so that neither a resumed search nor a
        second worker repeats one: see `nasdip_core.study.sampler`.
        """
