"""Pictures from arrays and Pillow images."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nasdip_core.errors import PictureError
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.write import write_picture


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_arrays_of_one_to_four_channels(channels: int, mode: str, dtype: str, kit: Any) -> None:
    array = kit.noise(3, 5, channels, dtype)
    picture = picture_of(array)
    assert picture.mode.partition(";")[0] == mode
    assert picture.suffix == (".tif" if dtype == "float32" else ".png")
    assert np.array_equal(kit.stack(picture.colour, picture.alpha), array)


def test_a_flat_array_is_grey_and_copied() -> None:
    array = np.zeros((3, 5), np.uint8)
    picture = picture_of(array)
    array[:] = 9
    assert picture.mode == "L"
    assert picture.colour.max() == 0


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros(4, np.uint8), "shape"),
        (np.zeros((2, 2, 5), np.uint8), "shape"),
        (np.zeros((0, 2), np.uint8), "shape"),
        (np.zeros((2, 2), np.int64), "int64"),
        (np.full((2, 2), 1.5), r"\[0, 1\]"),
        (np.full((2, 2), np.nan), r"\[0, 1\]"),
        (42, "int"),
    ],
)
def test_other_things_are_refused(array: Any, said: str) -> None:
    with pytest.raises(PictureError, match=said):
        picture_of(array)


def test_pillow_images_keep_their_kind(kit: Any) -> None:
    image = Image.fromarray(kit.noise(3, 5, 4, "uint8"))
    picture = picture_of(image)
    assert picture.mode == "RGBA"
    assert np.array_equal(kit.stack(picture.colour, picture.alpha), np.asarray(image))
    deep = Image.fromarray(kit.noise(3, 5, 1, "uint16")[..., 0])
    assert picture_of(deep).mode == "L;16"
    wide = Image.fromarray(np.array([[0, 65535]], np.int32))
    assert picture_of(wide).colour.ravel().tolist() == [0, 65535]


def test_pillow_images_that_cannot_be_kept_are_refused() -> None:
    with pytest.raises(PictureError, match="HSV"):
        picture_of(Image.new("HSV", (2, 2)))
    with pytest.raises(PictureError, match="32-bit"):
        picture_of(Image.fromarray(np.array([[0, 65536]], np.int32)))
    with pytest.raises(PictureError, match="not numbers"):
        picture_of(Image.fromarray(np.array([[0, np.nan]], np.float32)))


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_pillow_images_that_pillow_cuts_to_8_bits_are_refused(
    channels: int, kit: Any, tmp_path: Path
) -> None:
    (path,) = write_picture(picture_of(kit.noise(3, 5, channels, "uint16")), tmp_path / "deep.png")
    with (
        Image.open(path) as image,
        pytest.raises(PictureError, match=r"the image: Pillow cuts .* path of the file"),
    ):
        picture_of(image)
    (path,) = write_picture(picture_of(kit.noise(3, 5, 1, "uint16")), tmp_path / "grey.png")
    with Image.open(path) as image:
        assert picture_of(image).mode == "L;16"


def test_files_samples_and_pictures_pass_through(waves_file: Path, waves: np.ndarray) -> None:
    picture = picture_of(waves_file)
    assert np.array_equal(picture.colour, waves)
    assert picture_of(picture) is picture
    assert np.array_equal(picture_of(str(waves_file)).colour, waves)
    assert picture_of("sample:camera").mode == "L"
