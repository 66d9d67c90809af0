"""The step that saves: nothing of the user's is lost, and what it has written makes way."""

import os
from pathlib import Path

import pytest
from PIL import Image

from nasdip_core.errors import OptionError, RunError
from nasdip_core.plugins import Plugins
from nasdip_core.step import StepContext
from nasdip_plugins.step.save import Save


def save(folder: Path, plugins: Plugins, file: str, to: str, *, replace: bool = False) -> None:
    """Save a file that lies in a folder."""
    out = folder / "out"
    out.mkdir(exist_ok=True)
    Save(file=file, to=to, replace=replace).run(StepContext(out, folder, plugins, print))


def test_the_copy_beside_a_jpeg_goes_over_no_file(waves_file: Path, plugins: Plugins) -> None:
    folder = waves_file.parent
    copy = folder / "photo-lossless.png"
    copy.write_bytes(b"mine")
    with pytest.raises(OptionError, match=r"photo-lossless\.png' is there already"):
        save(folder, plugins, "waves.png", "photo.jpg")
    assert copy.read_bytes() == b"mine"
    assert not (folder / "photo.jpg").exists()
    save(folder, plugins, "waves.png", "photo.jpg", replace=True)
    Image.new("RGB", (32, 24), "red").save(waves_file)
    save(folder, plugins, "waves.png", "photo.jpg")
    with Image.open(copy) as picture:
        assert picture.getpixel((0, 0)) == (255, 0, 0)


def test_what_a_folder_no_longer_holds_goes_from_its_copy(tmp_path: Path, plugins: Plugins) -> None:
    source, target = tmp_path / "album", tmp_path / "copied"
    source.mkdir()
    for name in ("a.txt", "b.txt"):
        (source / name).write_text(name)
    save(tmp_path, plugins, "album", "copied")
    (target / "mine.txt").write_text("mine")
    (source / "b.txt").unlink()
    save(tmp_path, plugins, "album", "copied")
    assert sorted(path.name for path in target.iterdir()) == ["a.txt", "mine.txt"]
    (source / "mine.txt").write_text("another")
    with pytest.raises(OptionError, match=r"mine\.txt' is there already"):
        save(tmp_path, plugins, "album", "copied")


def test_a_folder_over_a_file(waves_file: Path, plugins: Plugins) -> None:
    folder = waves_file.parent
    (folder / "album").mkdir()
    (folder / "taken").write_text("mine")
    with pytest.raises(RunError, match=r"cannot write to '.*/taken': File exists"):
        save(folder, plugins, "album", "taken", replace=True)
    assert (folder / "taken").read_text() == "mine"


def test_names_that_are_no_text(tmp_path: Path, plugins: Plugins) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / name).write_text("a")
    save(tmp_path, plugins, "album", "copied")
    (tmp_path / "album" / name).write_text("b")
    save(tmp_path, plugins, "album", "copied")
    assert (tmp_path / "copied" / name).read_text() == "b"
