"""The tree-structured Parzen estimator."""

from optuna.samplers import BaseSampler, TPESampler

from nasdip_core.space import SearchSpace
from nasdip_core.strategy import Strategy
from nasdip_core.study.sampler import SeededByTrial


class Tpe(Strategy):
    """Optuna's, over all decisions together; trials under way count as bad.

    Source: Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (NIPS 2011), 4.
    """

    def __init__(self, *, startup: int, candidates: int) -> None:
        self._startup = startup
        self._candidates = candidates

    def sampler(self, space: SearchSpace, seed: int) -> BaseSampler:
        """Return the sampler of a space."""
        return SeededByTrial(self._make, seed)

    def _make(self, seed: int) -> BaseSampler:
        return TPESampler(
            seed=seed,
            n_startup_trials=self._startup,
            n_ei_candidates=self._candidates,
            multivariate=True,
            constant_liar=True,
        )
