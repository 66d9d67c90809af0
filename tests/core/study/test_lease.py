"""Trials of workers that are gone are done again, each once, in their own slot."""

import subprocess
import sys
import textwrap
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from nasdip_core.study import lease
from nasdip_core.study.lease import DEATHS, Reaper, decide, give_up, leased, tell
from nasdip_core.study.records import History, Record
from nasdip_core.study.storage import open_storage, study_url

SPACE = {"x": CategoricalDistribution((1, 2, 3))}


@pytest.fixture(params=["study.db", "study.journal"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return study_url(tmp_path / request.param)


@pytest.fixture
def study(url: str) -> optuna.Study:
    return optuna.create_study(
        storage=open_storage(url, create=True),
        study_name="s",
        direction="maximize",
        sampler=optuna.samplers.RandomSampler(seed=1),
    )


def records(study: optuna.Study) -> list[Record]:
    history = History()
    history.update(study.get_trials(deepcopy=False))
    return list(history.records)


def asked(study: optuna.Study) -> optuna.Trial:
    return study.ask(dict(SPACE))


def frozen(study: optuna.Study, trial: optuna.Trial) -> optuna.trial.FrozenTrial:
    return study._storage.get_trial(trial._trial_id)


def test_a_leased_trial_of_a_living_worker_is_left_alone(study: optuna.Study) -> None:
    trial = asked(study)
    with leased(study, trial._trial_id):
        assert Reaper(study).reap() == 0
        tell(study, trial, [1.0])
    assert [r.state for r in records(study)] == ["done"]


def test_a_dead_workers_trial_is_queued_again_with_its_choices(
    study: optuna.Study, url: str
) -> None:
    code = f"""
        import os, optuna
        from optuna.distributions import CategoricalDistribution
        from nasdip_core.study.lease import decide, leased
        from nasdip_core.study.storage import open_storage
        study = optuna.load_study(study_name="s", storage=open_storage({url!r}))
        trial = study.ask()
        with leased(study, trial._trial_id):
            decide(study, trial, {{"x": CategoricalDistribution((1, 2, 3))}})
            print(trial.params["x"], flush=True)
            os.kill(os.getpid(), 9)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.returncode == -9
    reaper = Reaper(study)
    assert reaper.reap() == 1
    assert reaper.reap() == 0
    (record,) = records(study)
    assert (record.slot, record.number, record.state) == (0, 1, "open")
    again = asked(study)
    assert again.number == 1
    assert again.params == {"x": int(done.stdout)}
    tell(study, again, [2.0])
    (record,) = records(study)
    assert (record.slot, record.state, record.value) == (0, "done", 2.0)


def test_a_part_of_the_decisions_is_not_kept(study: optuna.Study) -> None:
    trial = study.ask()
    with leased(study, trial._trial_id):
        trial.suggest_categorical("x", SPACE["x"].choices)
        give_up(study, frozen(study, trial))
        with pytest.raises(UpdateFinishedTrialError):
            decide(study, trial, {**SPACE, "y": SPACE["x"]})
    assert not study.trials[-1].system_attrs["fixed_params"]


def test_a_silent_worker_elsewhere_is_gone_after_a_while(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = asked(study)
    with monkeypatch.context() as elsewhere, leased(study, trial._trial_id):
        elsewhere.setattr(lease, "_host", lambda: "another machine")
        reaper = Reaper(study)
        now = [0.0]
        monkeypatch.setattr(lease.time, "monotonic", lambda: now[0])
        assert reaper.reap() == 0
        now[0] = lease.SILENT_SECONDS - 1
        assert reaper.reap() == 0
        study._storage.set_trial_system_attr(trial._trial_id, lease.LEASE, {"host": "x", "beat": 9})
        now[0] += 10
        assert reaper.reap() == 0, "it has been heard of"
        now[0] += lease.SILENT_SECONDS + 1
        assert reaper.reap() == 0, "the storage may have been away"
        now[0] += lease._CHANCE_SECONDS - 1
        assert reaper.reap() == 0
        now[0] += 2
        assert reaper.reap() == 1


def test_a_machine_of_the_same_name_is_another(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was made from the same image: only what the system drew when it started differs."""
    trial, read = asked(study), Path.read_text
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(
            Path, "read_text", lambda p: "drawn there" if p.name == "boot_id" else read(p)
        )
        there = {"host": lease._host(), "pid": 2**22 + 1, "started": "1"}
    study._storage.set_trial_system_attr(trial._trial_id, lease.LEASE, there)
    assert Reaper(study).reap() == 0
    study._storage.set_trial_system_attr(
        trial._trial_id, lease.LEASE, {**there, "host": lease._host()}
    )
    assert Reaper(study).reap() == 1


@pytest.mark.parametrize(("answer", "gone"), [(PermissionError, 0), (ProcessLookupError, 1)])
def test_a_worker_that_the_system_hides_from_others(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch, answer: type[OSError], gone: int
) -> None:
    trial, read = asked(study), Path.read_text

    def hidden(path: Path) -> str:
        if path.name == "stat":
            raise FileNotFoundError
        return read(path)

    def ask(*_: int) -> None:
        raise answer

    with leased(study, trial._trial_id), monkeypatch.context() as hiding:
        hiding.setattr(Path, "read_text", hidden)
        hiding.setattr(lease.os, "kill", ask)
        assert Reaper(study).reap() == gone


def test_what_a_worker_tells_too_late_is_dropped(study: optuna.Study) -> None:
    trial = asked(study)
    give_up(study, frozen(study, trial))
    tell(study, trial, [5.0])
    lease.note(trial, "seconds", 1.0)
    (record,) = records(study)
    assert record.state == "open"


def test_giving_up_twice_queues_once(study: optuna.Study) -> None:
    trial = frozen(study, asked(study))
    give_up(study, trial)
    give_up(study, trial)
    assert len(study.trials) == 2


def test_a_trial_that_kills_its_workers_has_failed(study: optuna.Study) -> None:
    for _ in range(DEATHS):
        give_up(study, frozen(study, asked(study)))
    (record,) = records(study)
    assert record.state == "failed"
    last = study.trials[-1]
    assert "its worker died 3 times" in last.user_attrs["reason"]
    assert asked(study).number == DEATHS, "nothing is left in the queue"


def test_a_stopped_worker_is_no_dead_one(study: optuna.Study) -> None:
    for _ in range(DEATHS + 2):
        give_up(study, frozen(study, asked(study)), died=False)
    (record,) = records(study)
    assert record.state == "open"


def test_a_trial_whose_reaper_died_as_well_is_found(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = frozen(study, asked(study))
    with monkeypatch.context() as dying:
        dying.setattr(lease, "_queue", lambda *_: None)
        give_up(study, trial)
    (record,) = records(study)
    assert record.state == "open", "it has not failed"
    reaper = Reaper(study)
    now = [0.0]
    monkeypatch.setattr(lease.time, "monotonic", lambda: now[0])
    assert reaper.reap() == 0, "its reaper may be about to queue it"
    now[0] += lease._REPAIR_SECONDS + 1
    assert reaper.reap() == 1
    assert reaper.reap() == 0
    assert [t.state for t in study.trials] == [TrialState.FAIL, TrialState.WAITING]
