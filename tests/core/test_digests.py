"""What tells files and folders apart: contents and names, not what systems leave behind."""

from pathlib import Path

import pytest

from nasdip_core.digests import by_content, contents


def test_a_folder_is_what_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x").write_text("one")
    before = contents(tmp_path)
    (tmp_path / ".DS_Store").write_text("seen")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "y").write_text("made")
    assert contents(tmp_path, tmp_path / "out") == before
    assert contents(tmp_path) != before
    (tmp_path / "in" / "x").rename(tmp_path / "in" / "z")
    assert contents(tmp_path, tmp_path / "out") != before


def test_what_is_not_there_has_no_contents(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="none"):
        contents(tmp_path / "none")


def test_options_by_what_is_in_their_files(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for path in (one, two):
        path.write_text("same")
    assert by_content({"a": [str(one)], "b": 3}) == by_content({"a": [str(two)], "b": 3})
    two.write_text("other")
    assert by_content([str(one)]) != by_content([str(two)])
    for plain in ("one", str(tmp_path / "none"), None, 1.5):
        assert by_content(plain) == plain
