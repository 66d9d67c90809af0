"""What a fit keeps of the way: the average that the rule chose, and that nearest to the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from nasdip_core.fit.checkpoint import moved
from nasdip_core.problem import Estimate


@dataclass(frozen=True, slots=True)
class KeptAverage:
    """The average of the outputs after a step; later steps do not change it."""

    step: int
    estimate: Estimate
    psnr: float = 0.0
    """In dB, of one that was kept for that; else it means nothing."""

    @classmethod
    def of(cls, step: int, average: Estimate, psnr: float = 0.0) -> Self:
        """Return a copy of an average."""
        return cls(step, cloned(average), psnr)

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return {"step": self.step, "estimate": dict(self.estimate), "psnr": self.psnr}


class KeptAverages:
    """The averages that the result is made of; either may not be there yet."""

    def __init__(self) -> None:
        self.best: KeptAverage | None = None
        """The one that the stopping rule chose last."""
        self.oracle: KeptAverage | None = None
        """The one of the best PSNR that was measured."""

    def choose(self, step: int, average: Estimate) -> None:
        """Keep what the rule found best so far."""
        self.best = KeptAverage.of(step, average)

    def measured(self, step: int, psnr: float | None, average: Estimate) -> None:
        """Keep the average if it is nearer to the truth than any before."""
        if psnr is not None and (self.oracle is None or psnr > self.oracle.psnr):
            self.oracle = KeptAverage.of(step, average, psnr)

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        kept = {"best": self.best, "oracle": self.oracle}
        return {name: None if one is None else one.state_dict() for name, one in kept.items()}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Take back a state."""
        self.best, self.oracle = (
            None if state[name] is None else KeptAverage(**moved(state[name], device))
            for name in ("best", "oracle")
        )


def cloned(estimate: Estimate) -> dict[str, Tensor]:
    """Return a copy that later steps do not change."""
    return {name: value.clone() for name, value in estimate.items()}
