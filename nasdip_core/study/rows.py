"""A database whose trials are read row by row, so that long studies open soon."""

import gc
import json
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from optuna.distributions import json_to_distribution
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

_distribution = cache(json_to_distribution)
"""Never changed once made: trials share those of the space."""
_PORTION = 10_000
"""Rows that are fetched at a time."""


class RowStorage(RDBStorage):
    """Optuna's storage; the first look at a study takes a fraction of the time and memory.

    Optuna makes an object of every row, and two of the distribution of every decision.
    """

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Change a trial's state, which one of several processes does at a time.

        SQLite reads no row for an update: a write that changes nothing keeps the others out.
        """
        if self.engine.dialect.name == "sqlite":
            trial = models.TrialModel
            same = update(trial).where(trial.trial_id == trial_id).values(state=trial.state)
            session = self.scoped_session()  # that of this thread, in which Optuna goes on
            try:
                session.execute(same, execution_options={"synchronize_session": False})
            except SQLAlchemyError as error:
                session.rollback()
                session.close()
                raise StorageInternalError(str(error)) from error
        return super().set_trial_state_values(trial_id, state, values)

    def _get_trials(
        self,
        study_id: int,
        states: Container[TrialState] | None,
        included_trial_ids: set[int],
        trial_id_greater_than: int,
    ) -> list[FrozenTrial]:
        # Behind Optuna's cache all later looks ask for new trials only.
        if states is not None or trial_id_greater_than > -1:
            return super()._get_trials(study_id, states, included_trial_ids, trial_id_greater_than)
        with self.scoped_session() as session, _no_collection():
            return _trials(session, study_id)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let no garbage be looked for: among so many new objects it takes half of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _trials(session: Session, study_id: int) -> list[FrozenTrial]:
    trial, param, value = models.TrialModel, models.TrialParamModel, models.TrialValueModel
    step, user = models.TrialIntermediateValueModel, models.TrialUserAttributeModel
    system = models.TrialSystemAttributeModel

    def rows(model: Any, *columns: Any) -> Iterator[Any]:
        """Yield columns of the rows that belong to trials of the study, in their order."""
        mine = select(model.trial_id, *columns).order_by(*model.__table__.primary_key)
        if model is not trial:
            mine = mine.join(trial, trial.trial_id == model.trial_id)
        return iter(session.execute(mine.where(trial.study_id == study_id)).yield_per(_PORTION))

    def attributes(model: Any) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = defaultdict(dict)
        for owner, key, content in rows(model, model.key, model.value_json):
            found[owner][key] = json.loads(content)
        return found

    # First of all: whatever belongs to a trial that has ended was written before it ended.
    times = trial._datetime_start_utc, trial._datetime_complete_utc
    heads = list(rows(trial, trial.number, trial.state, *times))
    params: dict[int, dict[str, Any]] = defaultdict(dict)
    kinds: dict[int, dict[str, Any]] = defaultdict(dict)
    for owner, name, place, kind in rows(
        param, param.param_name, param.param_value, param.distribution_json
    ):
        kinds[owner][name] = distribution = _distribution(kind)
        params[owner][name] = distribution.to_external_repr(place)
    values: dict[int, dict[int, float]] = defaultdict(dict)
    for owner, objective, stored, kind in rows(
        value, value.objective, value.value, value.value_type
    ):
        values[owner][objective] = value.stored_repr_to_value(stored, kind)
    steps: dict[int, dict[int, float]] = defaultdict(dict)
    for owner, at, stored, kind in rows(
        step, step.step, step.intermediate_value, step.intermediate_value_type
    ):
        steps[owner][at] = step.stored_repr_to_intermediate_value(stored, kind)
    noted, kept = attributes(user), attributes(system)
    return [
        FrozenTrial(
            number=number,
            state=state,
            value=None,
            values=[found for _, found in sorted(values[owner].items())] or None,
            datetime_start=_local(start),
            datetime_complete=_local(end),
            params=params[owner],
            distributions=kinds[owner],
            user_attrs=noted[owner],
            system_attrs=kept[owner],
            intermediate_values=steps[owner],
            trial_id=owner,
        )
        for owner, number, state, start, end in heads
    ]


def _local(time: datetime | None) -> datetime | None:
    """Return a time of the database, which is UTC, as Optuna tells it."""
    return None if time is None else time.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
