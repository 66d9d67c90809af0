"""The fit of a picture with outliers: some samples are far off, nobody knows which."""

from typing import Any

import torch
from torch import Tensor

from nasdip_core.problem import Estimate, Step
from nasdip_core.restoration import RestorationProblem
from nasdip_core.tiles import Tile

_SMALL = 1e-3
"""Where g and h begin: the smaller, the fewer samples become outliers."""
_RATE = 0.1
"""Of their gradient descent, by sample; the network has the fit's own rate."""


class SparseProblem(RestorationProblem):
    """min over theta, g, h of mean (f_theta(z) + g^2 - h^2 - y)^2, from small g and h.

    You, Zhu, Qu, Ma, "Robust recovery via implicit bias of discrepant learning rates for double
    over-parameterization", NeurIPS 2020: gradient descent on g and h finds few and large outliers
    without a weight for their sparsity, here beside Adam's steps of the network.
    """

    refinable = False

    def __init__(self, measured: Tensor, *, truth: Tensor | None, levels: int | None) -> None:
        """`measured` is (1, C, H, W) in [0, 1]."""
        super().__init__(measured, truth=truth, levels=levels)
        self._up = torch.full_like(measured, _SMALL)
        self._down = torch.full_like(measured, _SMALL)

    @property
    def outliers(self) -> Tensor:
        """What the samples are off by, as far as it is known: (1, C, H, W)."""
        return self._up.square() - self._down.square()

    def _loss(self, step: Step) -> Tensor:
        if step.index == 1:  # of each of several fits
            self._up.fill_(_SMALL)
            self._down.fill_(_SMALL)
        residual = self.shaped(step) + self.outliers - self.measured
        weights = self.fitted.to(residual.dtype)
        with torch.no_grad():
            change = _RATE * residual * weights
            self._up *= 1 - change
            self._down *= 1 + change
        count = weights.sum().clamp(min=1) * residual.shape[1]
        return (residual.square() * weights).sum() / count

    def validation(self, estimate: Estimate) -> float | None:
        """Return the mean absolute error on what was kept back: few outliers weigh little."""
        if self.kept_back is None:
            return None
        error = (estimate[self.output] - self.measured).abs()
        return float(error[self.kept_back.expand_as(error)].mean())

    def tile(self, part: Tile) -> "SparseProblem":
        """Return the same problem for a part of the picture."""
        truth = None if self.truth is None else part.cut(self.truth)
        problem = SparseProblem(part.cut(self.measured), truth=truth, levels=self.levels)
        problem.fitted = part.cut(self.fitted)
        if self.kept_back is not None:
            problem.kept_back = part.cut(self.kept_back)
        return problem

    def to(self, device: torch.device) -> None:
        """Move the measurements to a device."""
        super().to(device)
        self._up, self._down = self._up.to(device), self._down.to(device)

    def state_dict(self) -> dict[str, Any]:
        """Return what is known of the outliers."""
        return super().state_dict() | {"up": self._up, "down": self._down}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with it."""
        super().load_state_dict(state)
        self._up = state["up"].to(self.measured.device).clone()
        self._down = state["down"].to(self.measured.device).clone()
