"""Attempts at a step that end before it is done: interrupted, failed, or begun anew."""

import json
from pathlib import Path

import numpy as np
import pytest
from flows import ALBUM, Make, go
from PIL import Image

from nasdip_core.errors import RunError, RunInterruptedError
from nasdip_core.plugins import Plugins


def test_an_attempt_that_begins_anew_takes_nothing_of_an_earlier_one(
    make: Make, folder: Path, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin has changed, and the attempt is interrupted within the album."""
    from nasdip_core.pipeline import restore

    go(make(ALBUM))
    monkeypatch.setattr("nasdip_core.workflow.run.version", lambda name: "another")
    inner = restore.run

    def interrupted(resolved: object, *more: object, **words: object) -> object:
        if "two.png" in resolved.picture:  # type: ignore[attr-defined]
            raise RunInterruptedError("interrupted")
        return inner(resolved, *more, **words)  # type: ignore[arg-type]

    results = {name: make(ALBUM).folder / "a" / name / "result.json" for name in ("one", "two")}
    old = results["two"].stat().st_mtime_ns
    with monkeypatch.context() as patched:
        patched.setattr(restore, "run", interrupted)
        with pytest.raises(RunInterruptedError):
            go(make(ALBUM))
    assert not results["two"].exists()
    done = results["one"].stat().st_mtime_ns
    go(make(ALBUM))
    assert results["one"].stat().st_mtime_ns == done, "what this attempt has done is kept"
    assert results["two"].stat().st_mtime_ns != old


def test_ctrl_c_while_it_is_looked_at_what_is_done_removes_nothing(
    make: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise RunInterruptedError("interrupted")

    go(make(ALBUM))
    (make(ALBUM).folder / "a" / "two" / "result.json").unlink()
    note = make(ALBUM).folder / "a" / "step.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "outputs": None}))
    result = make(ALBUM).folder / "a" / "one" / "result.json"
    with monkeypatch.context() as patched:
        patched.setattr("nasdip_core.pipeline.folder.RunFolder.earlier", interrupted)
        with pytest.raises(RunInterruptedError):
            go(make(ALBUM))
    assert result.exists()


def test_a_failed_attempt_leaves_no_step_that_counts_as_done(make: Make, folder: Path) -> None:
    text = ALBUM.replace("arch:", "mask: masks, arch:").replace("denoise", "inpaint")
    text = text.replace("task: {sigma: 9}, ", "")
    (folder / "masks").mkdir()
    mask = Image.fromarray(np.tile(np.uint8([0, 255]), (24, 16)))
    for name in ("one", "two"):
        mask.save(folder / "masks" / f"{name}.png")
    workflow = make(text)
    go(workflow)
    (folder / "masks" / "two.png").unlink()
    with pytest.raises(RunError, match="1 of 2 pictures failed"):
        go(make(text))
    mask.save(folder / "masks" / "two.png")
    assert go(make(text))[0] == ["a"]
    names = {path.name for path in (workflow.folder / "a" / "restored").iterdir()}
    assert names == {"one.png", "two.png"}


def test_a_plugin_that_fails_on_one_picture_leaves_the_others(
    make: Make, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nasdip_core.pipeline import restore

    inner = restore.run

    def run(resolved: object, *more: object, **words: object) -> object:
        if "one.png" in resolved.picture:  # type: ignore[attr-defined]
            raise ValueError("no such thing")
        return inner(resolved, *more, **words)  # type: ignore[arg-type]

    monkeypatch.setattr(restore, "run", run)
    with pytest.raises(RunError, match=r"1 of 2 pictures failed; the first: one\.png: ValueError"):
        go(make(ALBUM))
    assert (make(ALBUM).folder / "a" / "two" / "result.json").exists()
