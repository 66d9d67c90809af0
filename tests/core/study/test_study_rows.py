"""A study that is read row by row is the one that Optuna reads."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from nasdip_core.study.rows import RowStorage
from nasdip_core.study.storage import open_storage, study_url

WIDTH = optuna.distributions.CategoricalDistribution((16, 32, "none", True, 0.5))
RATE = optuna.distributions.FloatDistribution(1e-3, 1.0, log=True)


def ended(state: TrialState, values: list[float] | None, steps: dict[int, float]) -> FrozenTrial:
    return create_trial(
        state=state,
        values=values,
        params={"width": "none", "rate": 0.1},
        distributions={"width": WIDTH, "rate": RATE},
        user_attrs={"scores": {"a.png": 27.5}, "reason": "é"},
        system_attrs={"nasdip:notes": {"version": 3}},
        intermediate_values=steps,
    )


@contextmanager
def opened(kind: type[RDBStorage], url: str) -> Iterator[RDBStorage]:
    storage = kind(url)
    yield storage
    storage.remove_session()
    storage.engine.dispose()


def filled(url: str) -> None:
    """Make two studies with trials of every kind, turn by turn."""
    storage = open_storage(url, create=True)
    one = optuna.create_study(storage=storage, study_name="one", directions=["maximize"] * 2)
    other = optuna.create_study(storage=storage, study_name="other")
    one.add_trial(ended(TrialState.COMPLETE, [2.0, -math.inf], {}))
    other.add_trial(ended(TrialState.COMPLETE, [math.inf], {0: 1.0, 3: -math.inf}))
    one.add_trial(ended(TrialState.FAIL, None, {}))
    other.add_trial(ended(TrialState.PRUNED, None, {5: math.inf, 1: -1.0}))
    other.enqueue_trial({"width": 32}, user_attrs={"known": "dip"})
    trial = other.ask({"width": WIDTH})
    trial.report(math.inf, 2)
    other.ask()
    one.ask()


def test_every_trial_is_read_as_optuna_reads_it(tmp_path: Path) -> None:
    url = study_url(tmp_path)
    filled(url)
    with opened(RDBStorage, url) as optunas, opened(RowStorage, url) as own:
        for study in optunas.get_all_studies():
            ours = own.get_all_trials(study._study_id)
            theirs = optunas.get_all_trials(study._study_id)
            assert len(ours) > 2
            assert ours == theirs
            assert [list(t.params) for t in ours] == [list(t.params) for t in theirs]


def test_a_step_that_is_no_number_is_read(tmp_path: Path) -> None:
    url = study_url(tmp_path)
    study = optuna.create_study(storage=open_storage(url, create=True))
    study.ask().report(math.nan, 1)
    with opened(RowStorage, url) as storage:
        (trial,) = storage.get_all_trials(study._study_id)
    assert math.isnan(trial.intermediate_values[1])


def test_trials_share_the_distributions(tmp_path: Path) -> None:
    """What makes long studies small; without it, Optuna's own reading has come back."""
    url = study_url(tmp_path)
    filled(url)
    study = optuna.load_study(storage=open_storage(url), study_name="one")
    first, second, _ = study.get_trials(deepcopy=False)
    assert first.distributions["width"] is second.distributions["width"]


def test_a_study_that_is_open_sees_what_comes_later(tmp_path: Path) -> None:
    url = study_url(tmp_path)
    filled(url)
    reader = optuna.load_study(storage=open_storage(url), study_name="other")
    before = reader.get_trials(deepcopy=False)
    writer = optuna.load_study(storage=open_storage(url), study_name="other")
    writer.tell(2, 3.0)
    writer.add_trial(ended(TrialState.COMPLETE, [4.0], {}))
    after = reader.get_trials(deepcopy=False)
    assert len(after) == len(before) + 1
    assert [t.value for t in after if t.state is TrialState.COMPLETE][1:] == [3.0, 4.0]
