"""Quality by measurements that the fit never sees."""

from typing import TYPE_CHECKING

from nasdip_core.errors import OptionError
from nasdip_core.problem import Problem
from nasdip_core.reward import Reward, Trained
from nasdip_plugins.reward.decibels import decibels

if TYPE_CHECKING:
    import torch

    from nasdip_core.plugins import Plugins

_HINT = "choose another reward"


class HeldOut(Reward):
    """-10 log10(mean((A x - y)^2)) in dB over measurements y kept back, x the returned estimate.

    The noise of these measurements is part of it, a constant that is added to the error of every
    candidate: the order is that of the true errors, the distances are smaller. A stopping rule
    that asks for measurements is given the same ones. Source: cross-validation (Stone, 1974), for
    fits to one picture as in Yaman et al. (ICLR 2022).
    """

    changes = True

    def __init__(self, plugins: "Plugins", *, fraction: float) -> None:
        super().__init__(plugins)
        self._fraction = fraction

    def prepare(self, problem: Problem, draws: "torch.Generator") -> None:
        """Keep the share back. Raises OptionError where a problem has nothing to keep back."""
        try:
            problem.hold_out(self._fraction, draws)
        except OptionError as error:
            raise OptionError(f"reward 'held-out': {error.what}", _HINT) from None

    def score(self, trained: Trained) -> float:
        """Return the quality at what was kept back. Raises OptionError where nothing was."""
        error = trained.problem.validation(trained.result.chosen)
        if error is None:
            raise OptionError("reward 'held-out': this task keeps no measurements back", _HINT)
        # A validation of 1 is the variance of the noise, where it is known.
        return decibels(error * (trained.problem.noise_level() ** 2 or 1.0))
