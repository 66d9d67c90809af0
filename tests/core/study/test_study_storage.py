"""Studies by folder, file and URL; every way in which one cannot be used is one line."""

import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import optuna
import pytest
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages._rdb.models import TrialModel
from optuna.trial import TrialState

from nasdip_core.errors import ExitCode, StudyError
from nasdip_core.study import storage
from nasdip_core.study.storage import (
    close_storage,
    explained,
    open_storage,
    shown,
    study_file,
    study_url,
)
from nasdip_core.study.study import create_study, load_study, names, settings_of

SETTINGS = {"schema": "nasdip.study/1", "task": "denoise", "space": {"uses": "toy", "with": {}}}


def made(url: str, name: str = "nasdip") -> optuna.Study:
    return create_study(open_storage(url, create=True), url, name, SETTINGS, by_cost=False)


def test_a_folder_a_file_and_a_url_name_a_study(tmp_path: Path) -> None:
    assert study_url(tmp_path) == f"sqlite:///{tmp_path}/study.db"
    assert study_url(tmp_path / "new") == f"sqlite:///{tmp_path}/new/study.db"
    assert study_url(tmp_path / "a.db") == f"sqlite:///{tmp_path}/a.db"
    assert study_url(tmp_path / "a.journal") == f"journal:///{tmp_path}/a.journal"
    assert study_url("postgresql://me@host/db") == "postgresql://me@host/db"
    assert study_file("postgresql://me@host/db") is None
    assert study_file(study_url(tmp_path / "a.journal")) == tmp_path / "a.journal"


def test_no_password_is_ever_shown() -> None:
    assert shown("postgresql://me:secret@host:5432/db") == "postgresql://me:***@host:5432/db"
    assert shown("postgresql://me:se@cr:et@host/db?x=1") == "postgresql://me:***@host/db?x=1"
    assert shown("postgresql://me@host/db#best") == "postgresql://me@host/db#best"
    query = "user=me&password=a@b&sslmode=require&sslpassword=c&passfile=d"
    masked = "user=me&password=***&sslmode=require&sslpassword=***&passfile=***"
    assert shown(f"postgresql://host:1/db?{query}") == f"postgresql://host:1/db?{masked}"


@pytest.mark.parametrize(
    "name", ["study.db", "study.journal", "{brace/{}.db", "what?/my%20photo.db"]
)
def test_a_study_is_made_opened_and_goes_on(tmp_path: Path, name: str) -> None:
    url = study_url(tmp_path / "deep" / name)
    study = made(url)
    study.tell(study.ask(), 1.0)
    again = made(url)
    assert [t.value for t in again.trials] == [1.0]
    opened = load_study(open_storage(url), url)
    assert settings_of(opened) == SETTINGS
    assert names(open_storage(url), url) == ["nasdip"]


def test_another_search_is_refused_by_the_first_difference(tmp_path: Path) -> None:
    url = study_url(tmp_path)
    made(url)
    other = {**SETTINGS, "space": {"uses": "compact", "with": {}}}
    with pytest.raises(StudyError, match=r"space\.uses = toy, this search compact"):
        create_study(open_storage(url), url, "nasdip", other, by_cost=False)
    assert settings_of(load_study(open_storage(url), url)) == SETTINGS


def test_several_studies_need_a_name(tmp_path: Path) -> None:
    url = study_url(tmp_path)
    made(url, "one")
    made(url, "two")
    storage = open_storage(url)
    with pytest.raises(StudyError, match="holds 2 studies; name one: one, two"):
        load_study(storage, url)
    assert load_study(storage, url, "two").study_name == "two"
    with pytest.raises(StudyError, match=r"no study 'three'.*it holds: one, two"):
        load_study(storage, url, "three")


def test_studies_of_others_are_left_alone(tmp_path: Path) -> None:
    url = study_url(tmp_path)
    foreign = optuna.create_study(storage=open_storage(url, create=True), study_name="nasdip")
    foreign.tell(foreign.ask(), 1.0)
    with pytest.raises(StudyError, match="not made by nasdip"):
        made(url)
    with pytest.raises(StudyError, match="holds no study of nasdip"):
        load_study(open_storage(url), url)


def test_a_study_of_another_version_of_nasdip(tmp_path: Path) -> None:
    url = study_url(tmp_path)
    newer = {**SETTINGS, "schema": "nasdip.study/9"}
    create_study(open_storage(url, create=True), url, "nasdip", newer, by_cost=False)
    with pytest.raises(StudyError, match=r"another version of nasdip \(nasdip.study/9\)"):
        load_study(open_storage(url), url)


def test_there_is_none(tmp_path: Path) -> None:
    for name in ("study.db", "study.journal"):
        with pytest.raises(StudyError, match="there is no study at") as caught:
            open_storage(study_url(tmp_path / name))
        assert caught.value.exit_code is ExitCode.STUDY
        assert not (tmp_path / name).exists()


def test_a_file_that_is_no_study(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    path.write_bytes(b"this is no database, but a letter to my aunt" * 99)
    with pytest.raises(StudyError, match="is damaged: file is not a database"):
        open_storage(study_url(path))
    assert path.read_bytes().startswith(b"this is no")


def test_a_truncated_study(tmp_path: Path) -> None:
    url = study_url(tmp_path)
    study = made(url)
    for value in range(50):
        study.tell(study.ask(), float(value))
    close_storage(study._storage, url)
    assert [file.name for file in tmp_path.iterdir()] == ["study.db"], "one file"
    path = tmp_path / "study.db"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(StudyError, match=r"is damaged|cannot be used"):
        load_study(open_storage(url), url).get_trials()


@pytest.mark.parametrize("cut", [1, 20])
def test_a_journal_that_was_cut_off_loses_its_last_line_at_most(tmp_path: Path, cut: int) -> None:
    url = study_url(tmp_path / "study.journal")
    study = made(url)
    for value in range(3):
        study.tell(study.ask(), float(value))
    path = tmp_path / "study.journal"
    path.write_bytes(path.read_bytes()[:-cut])
    again = made(url)
    again.tell(again.ask(), 3.0)
    assert [t.value for t in load_study(open_storage(url), url).trials][:2] == [0.0, 1.0]


def test_a_journal_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "study.journal"
    path.write_bytes(b"no journal at all\n" * 9)
    with pytest.raises(StudyError, match="is damaged"):
        made(study_url(path))


def test_a_locked_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nasdip_core.study.storage._BUSY_SECONDS", 0.1)
    url = study_url(tmp_path)
    made(url)
    with sqlite3.connect(tmp_path / "study.db") as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StudyError, match="is locked by another program"):
            made(url)
        other.rollback()
    other.close()


def test_two_that_open_a_study_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite refuses one of the two without waiting: so it asks again."""
    refusals = [sqlite3.OperationalError("database is locked")] * 3

    class Refused(storage._Logged):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            if "journal_mode" in sql and refusals:
                raise refusals.pop()
            return super().execute(sql, *parameters)

    url = study_url(tmp_path)
    made(url)
    monkeypatch.setattr(storage, "_Logged", Refused)
    assert names(open_storage(url, searching=True), url) == ["nasdip"]
    assert not refusals


@pytest.mark.parametrize("name", ["study.db", "study.journal"])
def test_several_that_make_a_study_at_once(tmp_path: Path, name: str) -> None:
    together = Barrier(4)

    def begin(url: str) -> None:
        together.wait()
        study = made(url)
        study.tell(study.ask(), 1.0)
        close_storage(study._storage, url)

    with ThreadPoolExecutor(4) as pool:
        for i in range(3):
            url = study_url(tmp_path / str(i) / name)
            list(pool.map(begin, [url] * 4))
            assert [t.value for t in load_study(open_storage(url), url).trials] == [1.0] * 4


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_study(tmp_path: Path) -> None:
    url = study_url(tmp_path)
    made(url)
    (tmp_path / "study.db").chmod(0o444)
    with pytest.raises(StudyError, match="read-only"):
        create_study(open_storage(url), url, "other", SETTINGS, by_cost=False)
    assert names(open_storage(url), url) == ["nasdip"]


@pytest.mark.parametrize(
    "error",
    [
        KeyError("width"),
        ValueError("no such thing"),
        RuntimeError("CUDA driver version is insufficient"),
        NotADirectoryError("of its own"),
        ImportError("a package of its own"),
    ],
)
def test_what_others_raise_is_not_the_studys(tmp_path: Path, error: Exception) -> None:
    url = study_url(tmp_path / "study.journal")
    study = made(url)

    class Sampler(optuna.samplers.RandomSampler):
        def before_trial(self, *_: object) -> None:
            raise error

    study.sampler = Sampler()
    with pytest.raises(type(error)) as caught, explained(url):
        study.ask()
    assert caught.value is error


def test_what_a_storage_raises_is_the_studys(tmp_path: Path) -> None:
    url = study_url(tmp_path / "study.journal")
    study = made(url)
    (tmp_path / "study.journal").unlink()
    with pytest.raises(StudyError, match=r"cannot be used: .*No such file"), explained(url):
        study.ask()


@pytest.mark.parametrize(
    "url",
    [
        "nonsense://x",
        "grpc://host:many",
        "postgresql://me@host:many/db",
        "postgresql://me:se@cret@host/db",
        "://",
    ],
)
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(StudyError, match="no URL of a study") as caught:
        open_storage(url)
    assert "cret" not in str(caught.value)


def test_a_url_whose_driver_is_missing() -> None:
    with pytest.raises(StudyError, match="is not installed"):
        open_storage("oracle://me:secret@localhost/none")


def test_of_two_that_claim_a_trial_one_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite reads no row for an update: both would read that it waits, and both would take it."""
    url = study_url(tmp_path)
    study = made(url)
    study.add_trial(optuna.trial.create_trial(state=TrialState.WAITING))
    study.add_trial(optuna.trial.create_trial(state=TrialState.RUNNING))
    together = Barrier(2)
    look = TrialModel.find_or_raise_by_id

    def slow(*words: Any, **more: Any) -> Any:
        found = look(*words, **more)
        time.sleep(0.2)
        return found

    monkeypatch.setattr(TrialModel, "find_or_raise_by_id", slow)

    def change(trial: int, state: TrialState) -> bool:
        mine = open_storage(url, searching=True)
        together.wait()
        try:
            return mine.set_trial_state_values(trial, state)
        except UpdateFinishedTrialError:
            return False

    with ThreadPoolExecutor(2) as both:
        for trial, state in ((1, TrialState.RUNNING), (2, TrialState.FAIL)):
            took = list(both.map(change, [trial] * 2, [state] * 2))
            assert sorted(took) == [False, True], state


def test_what_others_follow_from_is_told_first(tmp_path: Path) -> None:
    url = study_url(tmp_path)
    made(url)
    other = {**SETTINGS, "changes": True, "corrupt": None, "task": "another"}
    with pytest.raises(StudyError, match=r"has task = .*, this search another"):
        create_study(open_storage(url), url, "nasdip", other, by_cost=False)
