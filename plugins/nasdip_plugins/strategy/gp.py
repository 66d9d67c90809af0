"""Bayesian optimisation with a Gaussian process."""

from optuna.samplers import BaseSampler, GPSampler

from nasdip_core.space import SearchSpace
from nasdip_core.strategy import Strategy
from nasdip_core.study.sampler import SeededByTrial


class GaussianProcess(Strategy):
    """Optuna's, with the expected improvement; pruned trials tell it nothing.

    Source: Jones et al., "Efficient Global Optimization of Expensive Black-Box Functions" (1998).
    """

    def __init__(self, *, startup: int) -> None:
        self._startup = startup

    def sampler(self, space: SearchSpace, seed: int) -> BaseSampler:
        """Return the sampler of a space."""
        return SeededByTrial(self._make, seed)

    def _make(self, seed: int) -> BaseSampler:
        return GPSampler(seed=seed, n_startup_trials=self._startup)
