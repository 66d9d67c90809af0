"""Quality against the truth."""

import math
from typing import TYPE_CHECKING

from nasdip_core.errors import OptionError
from nasdip_core.reward import Reward, Trained
from nasdip_plugins.reward.decibels import MOST

if TYPE_CHECKING:
    from nasdip_core.plugins import Plugins


class Psnr(Reward):
    """min(-10 log10(mean((x - t)^2)), 100) in dB of the picture x as it would be written.

    The self-stopped estimate is what a user gets. The oracle peak of the fit is what NAS-DIP
    reports (Chen et al., ECCV 2020, released code).
    """

    needs_truth = True

    def __init__(self, plugins: "Plugins", *, of: str) -> None:
        super().__init__(plugins)
        self._of = of

    def score(self, trained: Trained) -> float:
        """Return the PSNR. Raises OptionError where the truth is not known."""
        result = trained.result
        estimates = {
            "self-stopped": result.chosen,
            "oracle": result.oracle,
            "last": result.last,
        }
        estimate = estimates[self._of]
        measured = None if estimate is None else trained.problem.measures(estimate).get("psnr")
        if measured is None:
            raise OptionError(
                "reward 'psnr' needs the truth, and it is not known",
                "choose another reward, such as 'held-out'",
            )
        return measured if math.isnan(measured) else min(measured, MOST)
