"""Studies behind servers: PostgreSQL, and Optuna's proxy of a database."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
import pytest
from postgresql import Server
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from nasdip_core.errors import StudyError
from nasdip_core.study import servers
from nasdip_core.study.servers import database_away
from nasdip_core.study.storage import close_storage, explained, open_storage, study_url
from nasdip_core.study.study import create_study, load_study

SETTINGS = {"schema": "nasdip.study/1", "task": "denoise"}


@pytest.fixture
def database(postgresql: Server, request: pytest.FixtureRequest) -> str:
    return postgresql.database(request.node.name.lower())


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[str]:
    """A proxy of a file, in this process."""
    grpc = pytest.importorskip("grpc", reason="gRPC is not installed")
    from concurrent.futures import ThreadPoolExecutor

    from optuna.storages._grpc.auto_generated import api_pb2_grpc
    from optuna.storages._grpc.servicer import OptunaStorageProxyService

    url = study_url(tmp_path / "behind.db")
    server = grpc.server(ThreadPoolExecutor(2))
    service = OptunaStorageProxyService(open_storage(url, create=True))
    api_pb2_grpc.add_StorageServiceServicer_to_server(service, server)
    port = server.add_insecure_port("localhost:0")
    server.start()
    yield f"grpc://localhost:{port}"
    server.stop(None).wait()


def made(url: str) -> optuna.Study:
    return create_study(open_storage(url, create=True), url, "nasdip", SETTINGS, by_cost=False)


def written(url: str) -> list[float | None]:
    """Make a study, tell trials by two clients, and return what a third one reads."""
    for value in (1.0, 2.0):
        study = made(url)
        trial = study.ask()
        trial.set_user_attr("note", [value])
        study.tell(trial, value)
        close_storage(study._storage, url)
    found = load_study(open_storage(url), url).trials
    assert [t.user_attrs["note"] for t in found] == [[1.0], [2.0]]
    return [t.value for t in found]


def test_postgresql_by_url(database: str) -> None:
    assert written(database) == [1.0, 2.0]


def test_a_proxy_by_url(proxy: str) -> None:
    assert written(proxy) == [1.0, 2.0]


def test_what_fails_behind_a_proxy_is_told(proxy: str, tmp_path: Path) -> None:
    """It answers, so there is nothing to wait for; the error is gRPC's own."""
    study = made(proxy)
    with closing(sqlite3.connect(tmp_path / "behind.db")) as base:
        base.execute("DROP TABLE trials")
    with (
        pytest.raises(StudyError, match=r"cannot be used: .*no such table") as told,
        explained(proxy),
    ):
        study.ask()
    assert "\n" not in str(told.value)


def test_servers_that_do_not_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(servers, "_READY_SECONDS", 0.2)
    pytest.importorskip("grpc", reason="gRPC is not installed")
    with pytest.raises(StudyError, match="cannot be used"):
        open_storage("grpc://localhost:1")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(StudyError, match="cannot be used"):
        open_storage(f"postgresql:///none?host={tmp_path}")


def test_a_server_that_is_away_for_a_while_is_waited_for(
    postgresql: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "_AGAIN_SECONDS", 0.05)
    study = create_study(
        open_storage(database, create=True), database, "n", SETTINGS, by_cost=False
    )
    first, second = study.ask(), study.ask()
    study.tell(first, 1.0)
    postgresql.stop()
    back = threading.Timer(1.0, postgresql.start)
    back.start()
    begun = time.monotonic()
    second.set_user_attr("note", 2)
    study.tell(second, 2.0)
    elapsed = time.monotonic() - begun
    back.join()
    assert elapsed > 0.9
    assert [t.value for t in load_study(open_storage(database), database).trials] == [1.0, 2.0]


def test_a_look_at_trials_that_is_cut_off_is_taken_again(
    postgresql: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "_AGAIN_SECONDS", 0.05)
    storage = open_storage(database, create=True)
    study = create_study(storage, database, "n", SETTINGS, by_cost=False)
    study.tell(study.ask(), 1.0)
    assert len(study.trials) == 1
    study.tell(study.ask(), 2.0)
    cut = threading.Event()

    def cut_off(*called: Any) -> None:
        # The second question of its session, for which Optuna has an answer of its own.
        if "FROM trials" in called[2] and not cut.is_set():
            cut.set()
            postgresql.stop()
            postgresql.start()

    event.listen(storage._backend.engine, "before_cursor_execute", cut_off)
    assert [t.value for t in study.trials] == [1.0, 2.0]
    assert cut.is_set()


def test_who_searches_waits_at_the_first_call_too(
    postgresql: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "_AGAIN_SECONDS", 0.05)
    made(database)
    postgresql.stop()
    with pytest.raises(StudyError, match="cannot be used"):
        open_storage(database)
    back = threading.Timer(1.0, postgresql.start)
    back.start()
    assert load_study(open_storage(database, searching=True), database).trials == []
    back.join()


@pytest.mark.parametrize("other", ["user", "database"])
def test_who_is_refused_does_not_wait(database: str, other: str) -> None:
    wrong = {
        "user": database.replace("user=nasdip", "user=nobody"),
        "database": database.replace("///", "///not_"),
    }
    begun = time.monotonic()
    with pytest.raises(StudyError, match=r"cannot be used: .* does not exist"):
        open_storage(wrong[other], searching=True)
    assert time.monotonic() - begun < 10


def test_a_full_disk_of_a_database_is_told_at_once(database: str) -> None:
    study = made(database)
    with study._storage._backend.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN RAISE EXCEPTION ''No space left on device'' USING ERRCODE = ''53100''; END'"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER full_disk BEFORE INSERT ON trials EXECUTE FUNCTION no_room()"
        )
    with pytest.raises(StudyError, match="the disk is full"), explained(database):
        study.ask()


@pytest.mark.parametrize(
    ("said", "away"),
    [
        ('FATAL: password authentication failed for user "me"', False),
        ("fe_sendauth: no password supplied", False),
        ('FATAL: no pg_hba.conf entry for host "10.0.0.1", user "me"', False),
        ("Connection refused", True),
        ("FATAL: sorry, too many clients already", True),
        ("FATAL: the database system is starting up", True),
    ],
)
def test_who_may_wait_for_a_connection(said: str, away: bool) -> None:
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
    refused = OperationalError(None, None, psycopg.OperationalError(f"connection failed: {said}"))
    assert database_away(refused) == away


def test_a_server_that_stays_away_is_given_up(
    postgresql: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(servers, "PATIENCE_SECONDS", 0.3)
    study = create_study(
        open_storage(database, create=True), database, "n", SETTINGS, by_cost=False
    )
    postgresql.stop()
    try:
        with pytest.raises(StudyError, match=r"has been away for 0 s: conn.*No such file"):
            study.ask()
    finally:
        postgresql.start()
