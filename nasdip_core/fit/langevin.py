"""Posterior averaging by stochastic gradient Langevin dynamics."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from nasdip_core.fit.averaging import OutputAverage
from nasdip_core.fit.options import LangevinOptions
from nasdip_core.problem import Estimate


class PosteriorAverage(OutputAverage):
    """Mean and deviation of outputs drawn every few steps once the fit is near the data.

    Cheng, Gadelha, Maji, Sheldon, "A Bayesian perspective on the deep image prior", CVPR 2019.
    Before the burn-in is over it is the output average of the fit.
    """

    def __init__(self, decay: float, options: LangevinOptions, steps: int) -> None:
        super().__init__(decay)
        # There is a mean from the first step on, whenever the first output is drawn.
        self._begin = max(1, round(options.burn_in * steps))
        self._every = options.every
        self._drawn = 0
        self._squares: dict[str, Tensor] = {}

    def update(self, estimate: Estimate) -> Estimate:
        """Take in one step's outputs and return the mean of those drawn."""
        if self.count < self._begin:
            return super().update(estimate)
        self.count += 1
        if (self.count - self._begin) % self._every:
            return self.mean
        self._drawn += 1
        for name, output in estimate.items():
            if self._drawn == 1:
                self.mean[name] = output.clone()
                self._squares[name] = torch.zeros_like(output)
                continue
            # Welford's update of mean and sum of squared differences.
            before = output - self.mean[name]
            self.mean[name] += before / self._drawn
            self._squares[name] += before * (output - self.mean[name])
        return self.mean

    @property
    def deviation(self) -> Estimate | None:
        """Standard deviation of the outputs drawn, in [0, 1]; None before there are two."""
        if self._drawn < 2:
            return None
        return {name: (m / (self._drawn - 1)).sqrt() for name, m in self._squares.items()}

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return super().state_dict() | {"drawn": self._drawn, "squares": dict(self._squares)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back a state."""
        super().load_state_dict(state)
        self._drawn = state["drawn"]
        self._squares = {name: value.clone() for name, value in state["squares"].items()}


def disturb(modules: Iterable[nn.Module], deviation: float, draws: torch.Generator) -> None:
    """Add normal noise to kernels of convolutions and matrices of linear layers, in place."""
    with torch.no_grad():
        for module in modules:
            for weight in module.parameters():
                if weight.ndim >= 2:
                    noise = torch.empty_like(weight).normal_(0, deviation, generator=draws)
                    weight.add_(noise)
