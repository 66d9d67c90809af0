"""What a fit keeps of the way: the average that the rule chose, and that nearest to the truth."""

from typing import Any

import torch
from torch import Tensor

from nasdip_core.fit.checkpoint import moved
from nasdip_core.problem import Estimate


class KeptAverages:
    """Two averages of outputs and the steps they are from; either may not be there yet."""

    def __init__(self) -> None:
        self._best: dict[str, Any] = {"step": 0, "estimate": {}}
        self._oracle: dict[str, Any] = {"step": 0, "psnr": None, "estimate": {}}

    @property
    def best_step(self) -> int | None:
        """The step that the stopping rule chose last."""
        return self._best["step"] or None

    @property
    def best(self) -> Estimate:
        """The average at that step."""
        estimate: Estimate = self._best["estimate"]
        return estimate

    @property
    def oracle_step(self) -> int | None:
        """The measured step of the best PSNR."""
        return self._oracle["step"] or None

    @property
    def oracle(self) -> Estimate:
        """The average at that step."""
        estimate: Estimate = self._oracle["estimate"]
        return estimate

    @property
    def oracle_psnr(self) -> float | None:
        """The best PSNR measured, in dB."""
        psnr: float | None = self._oracle["psnr"]
        return psnr

    def choose(self, step: int, average: Estimate) -> None:
        """Keep what the rule found best so far."""
        self._best = {"step": step, "estimate": cloned(average)}

    def measured(self, step: int, psnr: float | None, average: Estimate) -> None:
        """Keep the average if it is nearer to the truth than any before."""
        known = self._oracle["psnr"]
        if psnr is not None and (known is None or psnr > known):
            self._oracle = {"step": step, "psnr": psnr, "estimate": cloned(average)}

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return {"best": self._best, "oracle": self._oracle}

    def load_state_dict(self, state: dict[str, Any], device: torch.device) -> None:
        """Take back a state."""
        self._best = moved(state["best"], device)
        self._oracle = moved(state["oracle"], device)


def cloned(estimate: Estimate) -> dict[str, Tensor]:
    """Return a copy that later steps do not change."""
    return {name: value.clone() for name, value in estimate.items()}
