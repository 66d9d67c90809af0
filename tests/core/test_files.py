"""Files that appear whole, whoever else writes."""

import os
import time
from pathlib import Path

import pytest

from nasdip_core.errors import RunError
from nasdip_core.files import folder_of_user, remove_drafts, whole_file
from nasdip_core.plugin_settings import disabled_in_file, write_disabled


def drafts(folder: Path) -> list[Path]:
    return list(folder.glob(".*.part"))


def test_nothing_appears_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    with whole_file(path) as draft:
        draft.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert not drafts(tmp_path)


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    real, link = tmp_path / "elsewhere" / "page.html", tmp_path / "page.html"
    real.write_text("old")
    link.symlink_to(real)
    with whole_file(link) as draft:
        draft.write_text("whole")
        assert real.read_text() == "old"
    assert link.is_symlink()
    assert real.read_text() == "whole"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with whole_file(pipe) as draft:
        draft.write_text("whole")
    assert os.read(reader, 99) == b"whole"
    os.close(reader)
    assert pipe.is_fifo()
    assert not drafts(tmp_path)


def test_two_writers_at_once(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    with whole_file(path) as first:
        first.write_text("first")
        with whole_file(path) as second:
            second.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert not drafts(tmp_path)


def test_a_writer_whose_clock_is_ahead_leaves_the_drafts_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    with whole_file(tmp_path / "page.html") as first:
        first.write_text("whole")
        monkeypatch.setattr(time, "time", lambda: now + 3600)
        with whole_file(tmp_path / "table.csv") as second:
            second.write_text("whole")
    assert {path.read_text() for path in tmp_path.glob("*.*")} == {"whole"}


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError), whole_file(path) as draft:
        draft.write_text("h\N{LATIN SMALL LETTER A WITH DIAERESIS}lf", encoding="ascii")
    assert path.read_text() == "old"
    assert not drafts(tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "page.html"
    with pytest.raises(RunError, match="No such file"), whole_file(path) as draft:
        draft.touch()


def test_the_longest_name_that_a_folder_takes(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    with whole_file(path) as draft:
        draft.write_text("whole")
    assert path.read_text() == "whole"


def test_what_killed_writers_left(tmp_path: Path) -> None:
    long_ago, now, foreign = (
        tmp_path / name for name in (".nasdip-a.part", ".nasdip-b.part", ".download.part")
    )
    for path in (long_ago, now, foreign):
        path.touch()
    for path in (long_ago, foreign):
        os.utime(path, (time.time() - 3600,) * 2)
    with whole_file(tmp_path / "page.html") as draft:
        draft.touch()
    assert {*drafts(tmp_path)} == {now, foreign}
    remove_drafts(tmp_path)
    assert drafts(tmp_path) == [foreign]


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user the system does not know: nothing is kept, nothing is found."""

    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    for variable in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable)
        assert not folder_of_user(variable, ".usual").exists()
    assert disabled_in_file() == []
    with pytest.raises(RunError, match="cannot write to"):
        write_disabled(["mine"])
