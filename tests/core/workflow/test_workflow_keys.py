"""Hashes of steps: of what their outputs follow from."""

from pathlib import Path

import pytest
from flows import Make

from nasdip_core.digests import contents
from nasdip_core.workflow import state

ONE_FILE = """
nasdip: 1
steps:
- {id: a, uses: task.denoise, with: {picture: clean.png, task: {sigma: 9}, arch: tiny.yaml}}
- {id: b, uses: task.denoise, with: {picture: clean.png, task: {sigma: 5}, arch: tiny.yaml}}
"""


def test_a_file_that_several_steps_name_is_hashed_once(
    make: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []

    def counted(path: Path, without: Path | None = None) -> str:
        hashed.append(path.name)
        return contents(path, without)

    monkeypatch.setattr(state, "contents", counted)
    before = make(ONE_FILE).keys()
    assert sorted(hashed) == ["clean.png", "tiny.yaml"]
    (folder / "tiny.yaml").write_text((folder / "tiny.yaml").read_text() + "\n")
    after = make(ONE_FILE).keys()
    assert all(before[id_].whole != after[id_].whole for id_ in ("a", "b"))
