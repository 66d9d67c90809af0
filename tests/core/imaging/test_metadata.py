"""Colour profile, resolution, Exif and orientation."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from nasdip_core.imaging.metadata import upright_dpi
from nasdip_core.imaging.read import read_picture
from nasdip_core.imaging.write import write_picture

MakeFile = Callable[[str, bytes], Path]
SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "TIFF": ".tif", "WEBP": ".webp"}
TAKEN = "2020:01:02 03:04:05"


def exif_block(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Maker"
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {ExifTags.Base.DateTimeOriginal: TAKEN, ExifTags.Base.ExifImageWidth: 16}
    )
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N"})
    return exif.tobytes()


@pytest.mark.parametrize("file_format", SUFFIXES)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright_once(
    file_format: str, orientation: int, kit: Any, make_file: MakeFile, tmp_path: Path
) -> None:
    image = Image.fromarray(kit.noise(16, 24, 3, "uint8"))
    settings = {"lossless": True} if file_format == "WEBP" else {}
    suffix = SUFFIXES[file_format]
    path = make_file(
        suffix, kit.pillow_file(image, file_format, exif=exif_block(orientation), **settings)
    )
    with Image.open(path) as stored:
        upright = np.asarray(ImageOps.exif_transpose(stored))
    picture = read_picture(path)
    assert np.array_equal(picture.colour, upright)
    for written in write_picture(picture, tmp_path / f"out{suffix}"):
        with Image.open(written) as again:
            exif = again.getexif()
            assert exif.get(ExifTags.Base.Orientation, 1) == 1
            assert exif[ExifTags.Base.Make] == "Maker"
            inside = exif.get_ifd(ExifTags.IFD.Exif)
            assert inside[ExifTags.Base.DateTimeOriginal] == TAKEN
            assert ExifTags.Base.ExifImageWidth not in inside
            assert exif.get_ifd(ExifTags.IFD.GPSInfo)[1] == "N"
            assert again.size == (upright.shape[1], upright.shape[0])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_deep_tiff_is_turned_upright(
    orientation: int, dtype: str, kit: Any, make_file: MakeFile
) -> None:
    samples = kit.noise(4, 6, 3, dtype)
    data = kit.tiff_file(
        samples, photometric="rgb", extratags=[(274, "H", 1, orientation, True)], metadata=None
    )
    small = (samples * (1 if dtype == "uint16" else 255)).astype(np.uint8)
    image = Image.fromarray(small)
    image.getexif()[274] = orientation
    turned = np.asarray(ImageOps.exif_transpose(image))
    read = read_picture(make_file(".tif", data)).colour
    assert np.array_equal((read * (1 if dtype == "uint16" else 255)).astype(np.uint8), turned)


@pytest.mark.parametrize("orientation", [1, 6, 7])
def test_png16_is_turned_upright(orientation: int, kit: Any, make_file: MakeFile) -> None:
    samples = kit.noise(4, 6, 3, "uint16")
    chunk = (b"eXIf", exif_block(orientation).removeprefix(b"Exif\0\0"))
    picture = read_picture(make_file(".png", kit.png16(samples, chunk)))
    wanted = {1: samples, 6: np.rot90(samples, -1), 7: np.rot90(samples, -1)[::-1]}
    assert np.array_equal(picture.colour, wanted[orientation])


@pytest.mark.parametrize("name", ["png-RGB", "png-RGBA-16", "png-P", "tiff-RGB", "tiff-RGB-uint16"])
def test_profile_and_resolution_are_kept(
    name: str, kit: Any, make_file: MakeFile, tmp_path: Path
) -> None:
    suffix, data, _ = kit.kinds()[name]
    plain = read_picture(make_file(suffix, data))
    assert plain.kind.icc is None
    assert plain.kind.dpi is None
    kind = replace(plain.kind, icc=kit.profile, dpi=(150.0, 300.0), exif=exif_block(1))
    marked = replace(plain, kind=kind)
    (written,) = write_picture(marked, tmp_path / f"out{suffix}")
    with Image.open(written) as image:
        image.load()
        assert image.info["icc_profile"] == kit.profile
        assert image.info["dpi"] == pytest.approx((150, 300), abs=0.02)
        assert image.getexif()[ExifTags.Base.Make] == "Maker"
    again = read_picture(written)
    assert again.kind.icc == kit.profile
    assert again.kind.dpi == pytest.approx((150, 300), abs=0.02)


@pytest.mark.parametrize(("orientation", "dpi"), [(1, (204, 98)), (3, (204, 98)), (6, (98, 204))])
@pytest.mark.parametrize("name", ["JPEG", "TIFF", "deep"])
def test_the_resolution_is_turned_with_the_picture(
    name: str, orientation: int, dpi: tuple[float, float], kit: Any, make_file: MakeFile
) -> None:
    colour = kit.noise(8, 16, 3, "uint16" if name == "deep" else "uint8")
    if name == "deep":
        turned = [(274, "H", 1, orientation, False)]
        data = kit.tiff_file(colour, photometric="rgb", resolution=(204, 98), extratags=turned)
    else:
        exif = exif_block(orientation)
        data = kit.pillow_file(Image.fromarray(colour), name, exif=exif, dpi=(204, 98))
    picture = read_picture(make_file(".jpg" if name == "JPEG" else ".tif", data))
    assert picture.kind.dpi == pytest.approx(dpi)


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_the_gamma_of_a_png_is_kept(
    depth: str, kit: Any, make_file: MakeFile, tmp_path: Path
) -> None:
    if depth == "uint16":
        data = kit.png16(kit.noise(4, 6, 3, depth), (b"gAMA", (100_000).to_bytes(4)))
    else:
        stated = PngInfo()
        stated.add(b"gAMA", (100_000).to_bytes(4))
        data = kit.pillow_file(Image.fromarray(kit.noise(4, 6, 3, depth)), "PNG", pnginfo=stated)
    picture = read_picture(make_file(".png", data))
    assert picture.kind.gamma == 1.0
    (written,) = write_picture(picture, tmp_path / "out.png")
    with Image.open(written) as image:
        assert image.info["gamma"] == 1.0
    plain = read_picture(make_file(".png", kit.png16(kit.noise(4, 6, 3, "uint16"))))
    assert plain.kind.gamma is None


def test_a_deep_tiff_says_that_camera_data_is_left_out(
    kit: Any, make_file: MakeFile, tmp_path: Path
) -> None:
    grey = Image.fromarray(kit.noise(4, 6, 1, "uint16")[..., 0])
    kept = read_picture(make_file(".tif", kit.pillow_file(grey, "TIFF", exif=exif_block(1))))
    assert kept.notes == ()
    (written,) = write_picture(kept, tmp_path / "out.tif")
    with Image.open(written) as image:
        inside = image.getexif().get_ifd(ExifTags.IFD.Exif)
        assert inside[ExifTags.Base.DateTimeOriginal] == TAKEN
    # No library here writes camera data into deep colour: half as many pixels, twice as deep.
    colour = Image.fromarray(kit.noise(4, 6, 3, "uint8"))
    path = make_file(".tif", kit.pillow_file(colour, "TIFF", exif=exif_block(1)))
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages.first.tags["BitsPerSample"].overwrite((16, 16, 16))
        file.pages.first.tags["ImageWidth"].overwrite(3)
    assert any("Exif" in note for note in read_picture(path).notes)


@pytest.mark.parametrize(
    "stated", [None, (0, 0), (1, 1), (float("nan"), 72), (float("inf"), 72), "dpi", (72,), 72]
)
def test_a_resolution_that_cannot_be_is_none(stated: Any) -> None:
    assert upright_dpi(stated, 1) is None


def test_the_resolution_of_a_deep_tiff_in_centimetres(kit: Any, make_file: MakeFile) -> None:
    data = kit.tiff_file(
        kit.noise(4, 6, 3, "uint16"),
        photometric="rgb",
        resolution=(100, 200),
        resolutionunit="centimeter",
    )
    assert read_picture(make_file(".tif", data)).kind.dpi == pytest.approx((254, 508))


def test_an_exif_block_of_several_segments_is_left_out_with_a_note(
    kit: Any, make_file: MakeFile, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = bytes(70_000)
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    parts = [b"Exif\0\0" + part for part in (block[:60_000], block[60_000:])]
    segments = b"".join(b"\xff\xe1" + (len(p) + 2).to_bytes(2, "big") + p for p in parts)
    plain = kit.pillow_file(Image.fromarray(kit.noise(4, 5, 3, "uint8")), "JPEG")
    picture = read_picture(make_file(".jpg", plain[:2] + segments + plain[2:]))
    assert any("too long for a JPEG" in note for note in picture.notes)
    lossy, exact = write_picture(picture, tmp_path / "out.jpg")
    for written, maker in ((lossy, None), (exact, "Maker")):
        with Image.open(written) as image:
            assert image.getexif().get(ExifTags.Base.Make) == maker
