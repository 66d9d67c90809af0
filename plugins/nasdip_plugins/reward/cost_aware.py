"""Quality, weighed against what it costs."""

from typing import TYPE_CHECKING

from nasdip_core.architecture.specification import Use
from nasdip_core.problem import Problem
from nasdip_core.reward import Reward, Trained

if TYPE_CHECKING:
    import torch

    from nasdip_core.plugins import Plugins


class CostAware(Reward):
    r"""$q\,(c / T)^w$: the quality q of another reward, the cost c, its target T, w <= 0.

    A quality below 0 is divided by the factor, so that a higher cost is worse there, too. Source:
    MnasNet (Tan et al., CVPR 2019, eq. 2), where w = -0.07 holds twice the cost for worth 5 % of
    quality: 1.5 of 30 dB.
    """

    def __init__(
        self, plugins: "Plugins", *, reward: Use, cost: str, target: float, weight: float
    ) -> None:
        """Raises PluginError or OptionError where the other reward cannot be made."""
        super().__init__(plugins)
        registration = plugins.find("reward", reward.uses)
        where = "reward.with.reward.with"
        self.reward: Reward = registration.made(reward.with_, where, plugins)
        self.needs_truth = self.reward.needs_truth
        self.changes = self.reward.changes
        self.compares = self.reward.compares
        self._cost = cost
        self._target = target
        self._weight = weight

    def prepare(self, problem: Problem, draws: "torch.Generator") -> None:
        """Let the other reward change the problem."""
        self.reward.prepare(problem, draws)

    def score(self, trained: Trained) -> float:
        """Return the weighed quality."""
        quality = self.reward.score(trained)
        costs = {
            "macs": trained.cost.macs,
            "memory": trained.cost.activation_bytes,
            "seconds": trained.result.seconds,
        }
        weight = self._weight if quality >= 0 else -self._weight
        factor: float = (costs[self._cost] / self._target) ** weight
        return quality * factor
