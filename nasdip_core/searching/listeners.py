"""Tells plugins of trials that have ended, and the user of plugins that failed to listen."""

from collections.abc import Callable
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from nasdip_core.behaviour import Behaviour
from nasdip_core.hooks import FinishedTrial
from nasdip_core.plugins import Plugins
from nasdip_core.study.records import ABANDONED, ESTIMATE, OUTCOME, REASON

_REPORT = "plugin:"
"""Attributes of a study, one a plugin: what it did wrong in some worker."""
_STATES = {TrialState.COMPLETE: "done", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}


def trial_listener(study: Study, plugins: Plugins) -> Callable[[FrozenTrial], None]:
    """Return what a worker calls with each trial that it has finished."""

    def report(plugin: str, sentence: str) -> None:
        study.set_user_attr(_REPORT + plugin, sentence)

    behaviour = Behaviour(plugins, report)

    def listener(trial: FrozenTrial) -> None:
        # One that is tried again has not ended.
        if not trial.user_attrs.get(ABANDONED):
            behaviour.on_trial(_finished(study.study_name, trial))

    return listener


def reports(study: Study) -> list[str]:
    """Return what plugins did wrong, one sentence each."""
    attributes: dict[str, Any] = study.user_attrs
    return [text for key, text in sorted(attributes.items()) if key.startswith(_REPORT)]


def _finished(study: str, trial: FrozenTrial) -> FinishedTrial:
    told = trial.user_attrs
    value = trial.values[0] if trial.values else None
    if trial.state is TrialState.PRUNED:
        value = told.get(ESTIMATE, value)
    if told.get(OUTCOME) == "infeasible":
        # What a strategy is told of a network that cannot be is no quality.
        value = None
    return FinishedTrial(
        study=study,
        number=trial.number,
        state=str(told.get(OUTCOME, _STATES.get(trial.state, "failed"))),
        choices=dict(trial.params),
        value=value,
        reason=str(told.get(REASON, "")),
    )
