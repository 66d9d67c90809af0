"""Bases of samplers whose draws follow from the study's seed and the trial's place alone."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from nasdip_core.seeds import derive, generator
from nasdip_core.space import Choices, SearchSpace
from nasdip_core.study.records import NOTES, History, place_of


def distributions(space: SearchSpace) -> dict[str, CategoricalDistribution]:
    """Return the decisions of a space as Optuna wants them."""
    return {d.name: CategoricalDistribution(d.choices) for d in space.decisions}


def _all_trials(study: Study) -> list[FrozenTrial]:
    """Return every trial: hyperband shows a sampler those of one bracket only."""
    return study._storage.get_all_trials(study._study_id, deepcopy=False)


class SpaceSampler(BaseSampler, ABC):
    """Base of samplers that make all decisions of a trial at once."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self.space = space
        self.seed = seed
        self.history = History()

    @abstractmethod
    def propose(
        self, history: History, draws: torch.Generator
    ) -> tuple[Choices, Mapping[str, Any]]:
        """Return canonical choices for the next trial, and notes to keep with it (JSON).

        The trial itself may stand in the history as an open record without choices. Draws from
        `draws` only, which a trial that is tried again gets once more.
        """

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the whole space."""
        return dict(distributions(self.space))

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the proposal for a trial, its notes kept."""
        trials = _all_trials(study)
        self.history.update(trials)
        draws = generator(self.seed, "strategy", place_of(trial, trials))
        choices, notes = self.propose(self.history, draws)
        study._storage.set_trial_system_attr(trial._trial_id, NOTES, dict(notes))
        return dict(choices)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Refuse: every decision is made together with the others."""
        raise RuntimeError(f"'{param_name}' is no decision of the space")


class SeededByTrial(BaseSampler):
    """Lets one of Optuna's samplers draw anew from a seed of its own for every trial."""

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        """`make` returns the sampler for a seed of 32 bits."""
        self._make = make
        self._seed = seed
        self._current: tuple[int, BaseSampler] | None = None

    def _sampler(self, study: Study, trial: FrozenTrial) -> BaseSampler:
        if self._current is None or self._current[0] != trial.number:
            place = place_of(trial, _all_trials(study))
            seed = derive(self._seed, "strategy", place) % 2**32
            self._current = trial.number, self._make(seed)
        return self._current[1]

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Hand on."""
        self._sampler(study, trial).before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Hand on."""
        return self._sampler(study, trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Hand on."""
        return self._sampler(study, trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Hand on."""
        return self._sampler(study, trial).sample_independent(
            study, trial, param_name, param_distribution
        )

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Hand on."""
        self._sampler(study, trial).after_trial(study, trial, state, values)
