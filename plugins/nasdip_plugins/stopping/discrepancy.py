"""Stopping where the fit is as near to the measurements as the truth is."""

import math
from typing import Any

from nasdip_core.fit.stopping import Observation, StoppingRule, Verdict


class Discrepancy(StoppingRule):
    """Ends once the loss is down to `factor` times what the noise alone leaves.

    What would be fitted from there on is noise. Without noise, or where nobody knows how much
    there is, every step is taken. Source: Morozov, "On the solution of functional equations by the
    method of regularization" (1966).
    """

    def __init__(self, *, factor: float) -> None:
        self._factor = factor
        self._ended = False

    def observe(self, observation: Observation) -> Verdict:
        """Judge the loss."""
        if observation.noise_loss is None or observation.loss is None:
            return Verdict()
        ratio = observation.loss / observation.noise_loss
        if not math.isfinite(ratio):
            return Verdict(stop=self._ended)
        self._ended = self._ended or ratio <= self._factor
        # Up to the end every step is better than the last.
        return Verdict(ratio, best=not self._ended, stop=self._ended)

    def state_dict(self) -> dict[str, Any]:
        """Return whether it has ended."""
        return {"ended": self._ended}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back whether it has ended."""
        self._ended = state["ended"]
