"""Previews: any kind of picture as a browser shows it."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.preview import preview_png
from nasdip_core.imaging.read import read_picture


def shown(picture: np.ndarray, longest: int = 100) -> Image.Image:
    return Image.open(io.BytesIO(preview_png(picture_of(picture), longest)))


def test_inks_are_shown_as_the_colour_that_they_print(tmp_path: Path) -> None:
    Image.new("CMYK", (4, 3), (0, 255, 255, 0)).save(tmp_path / "red.tif")
    image = Image.open(io.BytesIO(preview_png(read_picture(tmp_path / "red.tif"), 100)))
    red, green, blue = image.convert("RGB").getpixel((1, 1))
    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
@pytest.mark.parametrize(("dtype", "peak"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_every_depth_becomes_8_bits(
    channels: int, mode: str, dtype: type[np.generic], peak: int
) -> None:
    picture = np.linspace(0, peak, 6 * 5 * channels).reshape(6, 5, channels).astype(dtype)
    image = shown(picture)
    assert image.mode == mode
    eight_bits = np.round(picture.astype(float) / peak * 255)
    found = np.asarray(image, float).reshape(eight_bits.shape)
    assert np.abs(found - eight_bits).max() <= 1


def test_the_longest_side_is_bounded() -> None:
    assert shown(np.zeros((40, 80, 3), np.uint8), longest=20).size == (20, 10)
    assert shown(np.zeros((4, 8, 3), np.uint8), longest=20).size == (8, 4)


def test_samples_beyond_the_range_are_its_ends() -> None:
    picture = picture_of(np.array([[0.0, 0.5], [1.0, 0.25]], np.float32))
    wide = replace(picture, colour=np.array([[[1.2], [-0.3]], [[1.0], [0.25]]], np.float32))
    image = Image.open(io.BytesIO(preview_png(wide, 100)))
    assert np.asarray(image).tolist() == [[255, 0], [255, 64]]
