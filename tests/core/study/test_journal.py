"""Journals outlive full disks, power cuts and disks without links; no worker need open one anew."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
import pytest

from nasdip_core.errors import StudyError
from nasdip_core.study.storage import explained, open_storage, study_url


class Workers:
    """Two that have a study open, and one that only looks at it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = study_url(path)
        optuna.create_study(
            storage=open_storage(self.url, create=True), study_name="s", direction="maximize"
        )
        self.one, self.other, self.reader = (self.opened() for _ in range(3))

    def opened(self) -> optuna.Study:
        return optuna.load_study(
            storage=open_storage(self.url),
            study_name="s",
            sampler=optuna.samplers.RandomSampler(),
        )

    def values(self) -> list[float | None]:
        """Return what all of them read."""
        seen = [[t.value for t in s.trials] for s in (self.one, self.other, self.reader)]
        assert seen == [[t.value for t in self.opened().trials]] * 3
        return seen[0]


@pytest.fixture
def workers(tmp_path: Path) -> Workers:
    return Workers(tmp_path / "study.journal")


@contextmanager
def room_for(path: Path, more: int) -> Iterator[None]:
    """Let a file grow by so many bytes only."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("more", [0, 20])
def test_once_a_full_disk_has_room_all_go_on(workers: Workers, more: int) -> None:
    workers.one.tell(workers.one.ask(), 1.0)
    trial = workers.one.ask()
    with room_for(workers.path, more), pytest.raises(OSError, match="large"):
        workers.one.tell(trial, 2.0)
    assert workers.path.read_bytes().endswith(b"\n") == (more == 0)
    assert workers.values() == [1.0, None]
    workers.other.tell(workers.other.ask(), 3.0)
    workers.one.tell(trial, 2.0)
    assert workers.values() == [1.0, 2.0, 3.0]


def test_what_a_machine_that_lost_its_power_has_left(workers: Workers) -> None:
    workers.one.tell(workers.one.ask(), 1.0)
    with workers.path.open("ab") as journal:
        journal.write(b'{"op_code":8,"worker_id":"x","tri' + bytes(50))
    assert workers.values() == [1.0]
    workers.other.tell(workers.other.ask(), 2.0)
    workers.one.tell(workers.one.ask(), 3.0)
    assert workers.values() == [1.0, 2.0, 3.0]


def test_nobody_takes_a_line_that_is_not_safe_yet(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network's disk says first when it is asked that there was no room."""
    trial = workers.one.ask()
    with monkeypatch.context() as full:

        def fails(_: int) -> None:
            assert [t.value for t in workers.reader.trials] == [None]
            raise OSError(28, "No space left on device")

        full.setattr(os, "fsync", fails)
        with (
            pytest.raises(StudyError, match="the disk is full"),
            explained(workers.url),
        ):
            workers.one.tell(trial, 1.0)
    assert workers.values() == [None]
    workers.other.tell(workers.other.ask(), 2.0)
    assert workers.values() == [None, 2.0]


def test_a_disk_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", refused)
    workers = Workers(tmp_path / "study.journal")
    workers.one.tell(workers.one.ask(), 1.0)
    assert workers.values() == [1.0]
