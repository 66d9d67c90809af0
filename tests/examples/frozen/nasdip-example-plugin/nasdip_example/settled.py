"""Stopping once the picture has settled."""

import math
from typing import Any

from torch import Tensor

from nasdip_core.fit.stopping import Observation, StoppingRule, Verdict


class Settled(StoppingRule):
    """Ends once |m_t - m_(t-1)| stayed below `tolerance` for `patience` steps in a row.

    m_t is the averaged output of step t, | | the root mean square over its samples. The last step
    before the end is the one to return.
    """

    def __init__(self, *, tolerance: float, patience: int) -> None:
        self._tolerance = tolerance
        self._patience = patience
        self._before: Tensor | None = None
        self._calm = 0

    def observe(self, observation: Observation) -> Verdict:
        """Judge the change since the last step."""
        change = None
        if self._before is not None:
            distance = float((observation.average - self._before).square().mean().sqrt())
            change = distance if math.isfinite(distance) else None
        # A copy: the fit goes on writing into its average.
        self._before = observation.average.clone()
        if self._calm < self._patience:
            calm = change is not None and change < self._tolerance
            self._calm = self._calm + 1 if calm else 0
        stop = self._calm >= self._patience
        return Verdict(change, best=change is not None and not stop, stop=stop)

    def state_dict(self) -> dict[str, Any]:
        """Return the last average and how long it has been calm."""
        return {"before": self._before, "calm": self._calm}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back a state."""
        self._before = state["before"]
        self._calm = state["calm"]
