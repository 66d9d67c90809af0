"""NSGA-II: quality against cost."""

from typing import ClassVar

from optuna.samplers import BaseSampler, NSGAIISampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from nasdip_core.space import SearchSpace
from nasdip_core.strategy import Strategy
from nasdip_core.study.sampler import SeededByTrial


class Nsga2(Strategy):
    """Optuna's genetic search for the front of quality against cost.

    Source: Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II" (2002), as
    in Lu et al., "NSGA-Net" (GECCO 2019).
    """

    by_cost: ClassVar[bool] = True

    def __init__(self, *, population: int) -> None:
        self._population = population

    def sampler(self, space: SearchSpace, seed: int) -> BaseSampler:
        """Return the sampler of a space."""
        return SeededByTrial(self._make, seed)

    def _make(self, seed: int) -> BaseSampler:
        return _Generations(seed=seed, population_size=self._population)


class _Generations(NSGAIISampler):
    """Counts known architectures as members of a generation, too.

    Optuna notes the generation of a trial when it samples it, which it does not for those.
    """

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        super().before_trial(study, trial)
        self.get_trial_generation(study, trial)

    def select_parent(self, study: Study, generation: int) -> list[FrozenTrial]:
        """Return the parents in the order in which Optuna has them once it has noted them.

        A trial that is tried again draws from the same list.
        """
        return sorted(super().select_parent(study, generation), key=lambda parent: parent.number)
