"""The contract of `reward` plugins: how good a candidate's fit is (torch-free)."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from nasdip_core.architecture.cost import Cost
    from nasdip_core.fit.result import FitResult
    from nasdip_core.plugins import Plugins
    from nasdip_core.problem import Estimate, Problem


@dataclass(frozen=True, slots=True)
class Trained:
    """A candidate's fit of one problem."""

    problem: "Problem"
    """As `Reward.prepare` left it."""
    result: "FitResult"
    """What the fit found; `seconds` are those of this fit."""
    cost: "Cost"
    """Of the network at the picture's size."""
    others: "Sequence[Estimate]" = ()
    """What earlier candidates made of the same problem, where the reward `compares`."""


class Reward(ABC):
    """Base of `reward` plugins, constructed with the plugins and the fields of their options model.

    A reward without options is `Reward(plugins)`; one that wraps another finds it there.
    """

    needs_truth: bool = False
    """Whether it can be given for pictures with a known truth only."""
    changes: bool = False
    """Whether `prepare` changes the problem, so that its fits are of no further use."""
    compares: bool = False
    """Whether it looks at what other candidates made of the problem."""

    def __init__(self, plugins: "Plugins") -> None:
        self.plugins = plugins

    def prepare(self, problem: "Problem", draws: "torch.Generator") -> None:
        """Change a fresh problem before it is fitted: keep measurements back, add noise.

        The draws are the same for every candidate. Raises OptionError where the problem does not
        allow it.
        """

    @abstractmethod
    def score(self, trained: Trained) -> float:
        """Return the quality of a fit, higher is better, in dB where it can be."""
