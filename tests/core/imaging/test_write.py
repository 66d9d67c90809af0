"""Writing: whole files or none, the suffix decides."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nasdip_core.errors import RunError
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.read import read_picture
from nasdip_core.imaging.write import write_picture

PIXEL = np.full((2, 3, 3), 7, np.uint8)


def test_only_the_named_files_are_left(tmp_path: Path) -> None:
    written = write_picture(picture_of(PIXEL), tmp_path / "out.png")
    assert written == [tmp_path / "out.png"]
    assert list(tmp_path.iterdir()) == written


def test_the_suffix_decides_the_format(tmp_path: Path) -> None:
    for suffix, name in ((".tif", "TIFF"), (".webp", "WEBP"), (".BMP", "BMP"), (".ppm", "PPM")):
        (path,) = write_picture(picture_of(PIXEL), tmp_path / f"out{suffix}")
        with Image.open(path) as image:
            assert image.format == name
    lossy, exact = write_picture(picture_of(PIXEL), tmp_path / "photo.jpeg")
    assert (lossy.name, exact.name) == ("photo.jpeg", "photo-lossless.png")


def test_the_copy_beside_a_jpeg_goes_over_no_picture_of_its_name(tmp_path: Path) -> None:
    (own,) = write_picture(picture_of(PIXEL), tmp_path / "photo.png")
    before = own.read_bytes()
    for _ in range(2):
        write_picture(picture_of(PIXEL + 1), tmp_path / "photo.jpg")
    assert own.read_bytes() == before


def test_an_unknown_suffix_is_kept(tmp_path: Path) -> None:
    (path,) = write_picture(picture_of(PIXEL), tmp_path / "photo.v2")
    assert path.name == "photo.v2.png"


def test_a_format_that_cannot_hold_the_picture_is_refused(tmp_path: Path) -> None:
    deep = picture_of(PIXEL.astype(np.uint16))
    with pytest.raises(RunError, match=r"JPEG does not hold RGB;16 .* use the suffix .png"):
        write_picture(deep, tmp_path / "out.jpg")
    assert list(tmp_path.iterdir()) == []


def test_a_webp_that_grew_too_wide_becomes_a_png(tmp_path: Path) -> None:
    import torch

    (path,) = write_picture(picture_of(PIXEL), tmp_path / "out.webp")
    wide = read_picture(path).with_samples(torch.zeros(1, 3, 1, 16384))
    assert wide.suffix == ".png"
    assert any("WEBP" in note for note in wide.notes)


def test_a_missing_folder_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"cannot write .*No such file"):
        write_picture(picture_of(PIXEL), tmp_path / "none" / "out.png")


def test_a_folder_in_the_way_is_one_error_and_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "out.png").mkdir()
    with pytest.raises(RunError, match="directory"):
        write_picture(picture_of(PIXEL), tmp_path / "out.png")
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = write_picture(picture_of(PIXEL), tmp_path / "out.png")
    before = path.read_bytes()

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RunError, match="No space left"):
        write_picture(picture_of(PIXEL + 1), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
