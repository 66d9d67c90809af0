"""`--resume` goes on with the same inputs only, and does again what has lost its pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nasdip_core import restore
from nasdip_core.errors import OptionError, RunError
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.read import read_picture
from nasdip_core.pipeline.document import read_pipeline

TINY = {
    "levels": 2,
    "input": {"channels": 4},
    "encoder": {"widths": 4, "convolutions": 1},
    "decoder": {"widths": 4, "pointwise": False},
    "skip": {"widths": 2},
}
WORDS: dict[str, Any] = {
    "task": "denoise",
    "arch": {"architecture": TINY},
    "options": {"task.sigma": 9, "fit.steps": 2, "fit.stopping": "fixed"},
}


def array(value: int) -> np.ndarray:
    return np.full((16, 20, 3), value, np.uint8)


def test_a_file_of_the_same_name_is_another_picture(tmp_path: Path) -> None:
    file, out = tmp_path / "p.png", tmp_path / "out"
    Image.fromarray(array(60)).save(file)
    found = restore(file, **WORDS, output=out)
    assert restore(file, **WORDS, output=out, resume=True).result == found.result
    Image.fromarray(array(200)).save(file)
    with pytest.raises(OptionError, match=r"holds a run of another '.*p\.png'; use --force"):
        restore(file, **WORDS, output=out, resume=True)
    assert restore(file, **WORDS, output=out, force=True).picture.colour.mean() > 100
    (out / "result.json").unlink()
    Image.fromarray(array(60)).save(file)
    with pytest.raises(OptionError, match="another"):
        restore(file, **WORDS, output=out, resume=True)


def test_an_array_is_held_against_the_earlier_one(tmp_path: Path) -> None:
    restore(array(60), **WORDS, output=tmp_path / "out")
    restore(array(60), **WORDS, output=tmp_path / "out", resume=True)
    with pytest.raises(OptionError, match="holds a run of another 'picture'"):
        restore(array(200), **WORDS, output=tmp_path / "out", resume=True)


def test_a_finished_run_whose_picture_is_gone_is_done_again(tmp_path: Path) -> None:
    found = restore(array(60), **WORDS, output=tmp_path)
    (tmp_path / "restored.png").unlink()
    again = restore(array(60), **WORDS, output=tmp_path, resume=True)
    assert np.array_equal(again.picture.colour, found.picture.colour)
    assert (tmp_path / "restored.png").is_file()


@pytest.mark.parametrize("content", ['{"outputs', "[1]"])
@pytest.mark.parametrize("name", ["result.json", ".nasdip-inputs.json"])
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, content: str) -> None:
    restore(array(60), **WORDS, output=tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(RunError, match=rf"cannot read '.*{name}': .*; use --force or -o DIR"):
        restore(array(60), **WORDS, output=tmp_path, resume=True)


def test_a_folder_that_was_moved_tells_where_its_pictures_are_now(tmp_path: Path) -> None:
    first = restore(array(60), **WORDS, output=tmp_path / "a")
    assert first.result["outputs"] == {"restored": str(tmp_path / "a" / "restored.png")}
    (tmp_path / "a").rename(tmp_path / "b")
    file = tmp_path / "b" / "pipeline.yaml"
    file.write_text(file.read_text().replace(str(tmp_path / "a"), str(tmp_path / "b")))
    again = restore(array(60), **WORDS, output=tmp_path / "b", resume=True)
    assert again.result["outputs"] == {"restored": str(tmp_path / "b" / "restored.png")}


def test_what_began_in_one_piece_goes_on_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever memory is free by then."""
    found = restore(array(60), **WORDS, output=tmp_path)
    (tmp_path / "result.json").unlink()
    monkeypatch.setattr("nasdip_core.pipeline.restore.choose_tile", lambda *_: 32)
    again = restore(array(60), **WORDS, output=tmp_path, resume=True)
    assert np.array_equal(again.picture.colour, found.picture.colour)
    assert "tile: null" in (tmp_path / "pipeline.yaml").read_text()


def test_a_backslash_in_a_name_is_no_path(tmp_path: Path) -> None:
    file = tmp_path / "x\\y.png"
    Image.fromarray(array(60)).save(file)
    found = restore(file, **WORDS, output=tmp_path / "out")
    document = read_pipeline(tmp_path / "out" / "pipeline.yaml")
    assert document.pipeline.name == "x-y-denoise"
    assert restore(file, **WORDS, output=tmp_path / "out", resume=True).result == found.result


def test_what_is_done_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, out = tmp_path / "p.png", tmp_path / "out"
    Image.fromarray(array(60)).save(file)
    found = restore(file, **WORDS, output=out)
    read: list[Path] = []

    def counted(path: Path) -> Picture:
        read.append(path)
        return read_picture(path)

    monkeypatch.setattr("nasdip_core.pipeline.outputs.read_picture", counted)
    monkeypatch.setattr(
        "nasdip_core.pipeline.restore.prepare", lambda *_: pytest.fail("it is read")
    )
    with pytest.raises(RunError, match="holds a result already"):
        restore(file, **WORDS, output=out)
    again = restore(file, **WORDS, output=out, resume=True)
    assert (list(again.pictures), read) == (list(found.pictures), [])
    for _ in range(2):
        assert np.array_equal(again.picture.colour, found.picture.colour)
    assert read == [out / "restored.png"]
