"""The contract of `stopping` plugins: rules that end a fit without looking at the truth."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Observation:
    """What a rule sees after a step."""

    step: int
    """Number of the step, from 1."""
    output: Tensor
    """The raw output of this step, (B, C, H, W), detached."""
    average: Tensor
    """The averaged output, (B, C, H, W): what the fit would return."""
    validation: float | None
    """Error on the measurements kept back, lower is better; None where nothing is kept back."""
    loss: float | None = None
    """The loss of this step, all players together, without what objectives add to it."""
    noise_loss: float | None = None
    """The loss at which nothing but noise is left to fit; None where the problem cannot tell."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says after a step."""

    statistic: float | None = None
    """The rule's number, drawn as a curve; None before it can be computed."""
    best: bool = False
    """This step's average is the one to return so far."""
    stop: bool = False
    """End the fit now; a step that is the best so far is no reason to."""


class StoppingRule(ABC):
    """Base of `stopping` plugins, constructed with the fields of their options model."""

    held_out: float = 0.0
    """Share of the measurements that the fit must keep back for this rule, in [0, 1)."""

    @abstractmethod
    def observe(self, observation: Observation) -> Verdict:
        """Judge one step. Called once a step, in order; after a rewind, steps come again."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint: a flat dict of tensors, numbers, lists, None."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back a state; used to resume and to rewind after a divergence."""
