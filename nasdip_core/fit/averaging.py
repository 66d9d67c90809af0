"""Exponential average of outputs (Ulyanov et al. 2018, section 3)."""

from typing import Any

from torch import Tensor

from nasdip_core.problem import Estimate


class OutputAverage:
    """m_i = d_i m_(i-1) + (1 - d_i) x_i with d_i = min(decay, i / (i + 9)).

    The growing decay forgets the start, which is far from any picture. i counts from 0, so the
    first average is the first output. With decay 0 the average is the output itself.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.count = 0
        self.mean: dict[str, Tensor] = {}

    def update(self, estimate: Estimate) -> Estimate:
        """Take in one step's outputs and return the average."""
        decay = min(self.decay, self.count / (self.count + 9))
        self.count += 1
        for name, output in estimate.items():
            if decay == 0 or name not in self.mean:
                self.mean[name] = output.clone()
            else:
                self.mean[name].lerp_(output, 1 - decay)
        return self.mean

    @property
    def deviation(self) -> Estimate | None:
        """How far outputs go from the mean; None: not known."""
        return None

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return {"count": self.count, "mean": dict(self.mean)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back a state."""
        self.count = state["count"]
        self.mean = {name: value.clone() for name, value in state["mean"].items()}
