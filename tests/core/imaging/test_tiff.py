"""TIFF: float ranges, extra channels, compressions and what is refused."""

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch

from nasdip_core.errors import PictureError
from nasdip_core.imaging.read import read_picture
from nasdip_core.imaging.write import write_picture

MakeFile = Callable[[str, bytes], Path]


@pytest.mark.parametrize(
    ("scale", "shift", "wanted"),
    [
        (0.5, 0.25, (0, 1)),
        (0.5, -0.25, (-0.25, 0.25)),
        (200, 50, (0, 250)),
        (2, -3, (-3, 0)),
        (1e30, 0, (0, 1e30)),
    ],
)
def test_the_range_of_floats(
    scale: float, shift: float, wanted: tuple[float, float], kit: Any, make_file: MakeFile
) -> None:
    samples = np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6)
    samples = (samples * np.float32(scale) + np.float32(shift)).astype(np.float32)
    picture = read_picture(make_file(".tif", kit.tiff_file(samples)))
    assert (picture.kind.low, picture.peak) == pytest.approx(wanted, rel=1e-6)
    tensor = picture.tensor()
    assert float(tensor.min()) >= 0
    assert float(tensor.max()) <= 1
    back = picture.with_samples(tensor).colour[..., 0]
    assert np.allclose(back, samples, rtol=0, atol=1e-6 * scale)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_samples_that_are_no_numbers_are_refused(
    bad: float, channels: int, kit: Any, make_file: MakeFile
) -> None:
    samples = kit.noise(4, 5, channels, "float32")
    samples[1, 2, -1] = bad
    data = kit.tiff_file(samples.squeeze(), photometric="minisblack" if channels == 1 else "rgb")
    with pytest.raises(PictureError, match="not numbers"):
        read_picture(make_file(".tif", data))


@pytest.mark.parametrize("dtype", ["int16", "int32", "uint32", "float64", "complex64", "int8"])
def test_samples_of_other_types_are_refused(dtype: str, kit: Any, make_file: MakeFile) -> None:
    path = make_file(".tif", kit.tiff_file(np.ones((4, 5), dtype)))
    with pytest.raises(PictureError, match=f"its samples are {dtype}; convert"):
        read_picture(path)


def test_half_floats_are_widened_with_a_note(kit: Any, make_file: MakeFile) -> None:
    samples = kit.noise(4, 5, 3, "float32").astype(np.float16)
    picture = read_picture(make_file(".tif", kit.tiff_file(samples, photometric="rgb")))
    assert np.array_equal(picture.colour, samples.astype(np.float32))
    assert any("16-bit float" in note for note in picture.notes)


def test_white_is_zero_is_turned(kit: Any, make_file: MakeFile) -> None:
    for dtype in ("uint8", "uint16"):
        samples = kit.noise(4, 5, 1, dtype)[..., 0]
        path = make_file(".tif", kit.tiff_file(samples, photometric="miniswhite"))
        assert np.array_equal(read_picture(path).colour[..., 0], np.iinfo(dtype).max - samples)
    for low, peak in ((0.0, 1.0), (-2.0, 6.0)):
        samples = np.linspace(low, peak, 20, dtype=np.float32).reshape(4, 5)
        picture = read_picture(make_file(".tif", kit.tiff_file(samples, photometric="miniswhite")))
        assert np.allclose(picture.colour[..., 0], samples[::-1, ::-1], atol=1e-6)
        assert (picture.kind.low, picture.kind.peak) == (low, peak)


def test_near_infrared_beside_rgb_is_a_channel(
    kit: Any, make_file: MakeFile, tmp_path: Path
) -> None:
    samples = kit.noise(4, 5, 4, "uint16")
    data = kit.tiff_file(samples, photometric="rgb", extrasamples=["unspecified"])
    picture = read_picture(make_file(".tif", data))
    assert picture.mode == "N;16"
    assert picture.alpha is None
    (written,) = write_picture(picture, tmp_path / "out.tif")
    with tifffile.TiffFile(written) as file:
        page = file.pages.first
        assert (int(page.photometric), tuple(map(int, page.extrasamples))) == (2, (0,))
        assert np.array_equal(page.asarray(), samples)


def test_associated_alpha_stays_associated(kit: Any, make_file: MakeFile, tmp_path: Path) -> None:
    suffix, data, _ = kit.kinds()["tiff-associated"]
    picture = read_picture(make_file(suffix, data))
    (written,) = write_picture(picture, tmp_path / "out.tif")
    with tifffile.TiffFile(written) as file:
        assert tuple(map(int, file.pages.first.extrasamples)) == (1,)
    opaque = picture.with_samples(torch.zeros(1, 3, 2, 2), alpha=None)
    (written,) = write_picture(opaque, tmp_path / "opaque.tif")
    assert tifffile.imread(written).shape == (2, 2, 3)


def test_further_pages_are_noted(kit: Any, make_file: MakeFile) -> None:
    pages = kit.noise(4, 5, 3, "uint16").transpose(2, 0, 1).copy()
    picture = read_picture(make_file(".tif", kit.tiff_file(pages, photometric="minisblack")))
    assert np.array_equal(picture.colour[..., 0], pages[0])
    assert picture.notes == ("only the first of its 3 frames is kept",)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("layout", [{"rowsperstrip": 2}, {"tile": (16, 16)}])
def test_a_cut_off_end_is_never_filled_with_zeros(
    compression: str | None, layout: dict[str, Any], kit: Any, make_file: MakeFile
) -> None:
    samples = kit.noise(40, 30, 3, "uint16")
    data = kit.tiff_file(samples, photometric="rgb", compression=compression, **layout)
    assert np.array_equal(read_picture(make_file(".tif", data)).colour, samples)
    for cut in (1, 1000, len(data) // 2):
        with pytest.raises(PictureError, match="cannot read"):
            read_picture(make_file(".tif", data[:-cut]))


def test_missing_strips_are_damage(kit: Any, make_file: MakeFile) -> None:
    data = kit.tiff_file(kit.noise(4, 5, 3, "uint16"), photometric="rgb", compression="zlib")
    path = make_file(".tif", data)
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages.first.tags["ImageLength"].overwrite(8_000_000)
    with pytest.raises(PictureError, match="parts of its samples are missing"):
        read_picture(path)


def test_camera_raw_is_refused(kit: Any, make_file: MakeFile) -> None:
    thumbnail = kit.noise(4, 5, 3, "uint8")
    data = kit.tiff_file(thumbnail, photometric="rgb", subfiletype=1)
    with pytest.raises(PictureError, match="camera raw"):
        read_picture(make_file(".nef", data))


def lzw(data: bytes) -> bytes:
    """Code bytes one by one, with a clear code often enough that codes stay at 9 bits."""
    bits = "".join(
        ("100000000" if place % 200 == 0 else "") + format(byte, "09b")
        for place, byte in enumerate(data)
    )
    bits += "100000001"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def lzw_tiff(
    samples: np.ndarray, predictor: int, sample_format: int, *, white_is_0: bool = False
) -> bytes:
    height, width, channels = samples.shape
    coded = samples.copy()
    if predictor == 2:
        coded[:, 1:] = samples[:, 1:] - samples[:, :-1]
    body = lzw(coded.tobytes())
    bits = 8 * samples.dtype.itemsize
    tags = [
        (256, width),
        (257, height),
        (258, None),
        (259, 5),
        (262, 0 if white_is_0 else 2 if channels > 2 else 1),
        (273, None),
        (277, channels),
        (278, height),
        (279, len(body)),
        (317, predictor),
        (339, None),
    ]
    depths = 8 + 2 + 12 * len(tags) + 4
    formats = depths + 2 * channels
    offset = formats + 2 * channels
    if channels == 1:
        places = {258: bits, 273: offset, 339: sample_format}
    else:
        places = {258: depths, 273: offset, 339: formats}
    out = struct.pack("<2sHIH", b"II", 42, 8, len(tags))
    for tag, value in tags:
        listed = tag in {258, 339}
        kind, count = (3, channels) if listed else (4, 1)
        out += struct.pack("<HHII", tag, kind, count, places.get(tag, value))
    out += struct.pack("<I", 0)
    out += struct.pack(f"<{channels}H", *[bits] * channels)
    return out + struct.pack(f"<{channels}H", *[sample_format] * channels) + body


@pytest.mark.parametrize("predictor", [1, 2])
@pytest.mark.parametrize("channels", [1, 3])
def test_lzw_of_16_bits_is_read(
    predictor: int, channels: int, kit: Any, make_file: MakeFile
) -> None:
    samples = kit.noise(5, 7, channels, "uint16")
    picture = read_picture(make_file(".tif", lzw_tiff(samples, predictor, 1)))
    assert np.array_equal(picture.colour, samples)


def test_lzw_of_floats_is_read(kit: Any, make_file: MakeFile) -> None:
    samples = kit.noise(5, 7, 3, "float32")
    picture = read_picture(make_file(".tif", lzw_tiff(samples, 1, 3)))
    assert np.array_equal(picture.colour, samples)


def test_lzw_of_planes_is_what_it_is_uncompressed(kit: Any, make_file: MakeFile) -> None:
    """One strip a channel, as Photoshop writes them "per channel"."""
    samples = kit.noise(5, 7, 3, "uint16")
    planes = np.ascontiguousarray(np.moveaxis(samples, -1, 0))
    file = io.BytesIO()
    tifffile.imwrite(file, planes, photometric="rgb", planarconfig="separate")
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as whole:
        tags = whole.pages[0].tags
    data = bytearray(file.getvalue())
    struct.pack_into("<H", data, tags["Compression"].valueoffset, 5)
    for number, plane in enumerate(planes):
        strip = lzw(plane.tobytes())
        for name, value in (("StripOffsets", len(data)), ("StripByteCounts", len(strip))):
            form = {3: "<H", 4: "<I"}[int(tags[name].dtype)]
            place = tags[name].valueoffset + number * struct.calcsize(form)
            struct.pack_into(form, data, place, value)
        data += strip
    picture = read_picture(make_file(".tif", bytes(data)))
    assert np.array_equal(picture.colour, samples)


def test_lzw_with_white_as_0_says_what_to_do(kit: Any, make_file: MakeFile) -> None:
    """The decoder may turn it round, or not."""
    path = make_file(".tif", lzw_tiff(kit.noise(5, 7, 1, "uint16"), 1, 1, white_is_0=True))
    with pytest.raises(PictureError, match=r"LZW.*uncompressed or with Deflate"):
        read_picture(path)


def test_lzw_of_many_channels_says_what_to_do(kit: Any, make_file: MakeFile) -> None:
    path = make_file(".tif", lzw_tiff(kit.noise(5, 7, 6, "uint16"), 1, 1))
    with pytest.raises(PictureError, match=r"LZW.*uncompressed or with Deflate"):
        read_picture(path)


def test_inks_with_alpha(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).integers(0, 256, (20, 24, 5), np.uint8)
    file = tmp_path / "inks.tif"
    tifffile.imwrite(file, samples, photometric="separated", extrasamples=["unassalpha"])
    picture = read_picture(file)
    assert picture.mode == "CMYKA"
    assert np.array_equal(picture.colour, samples[..., :4])
    assert np.array_equal(picture.alpha, samples[..., 4])
    again = write_picture(picture, tmp_path / "again.tif")
    assert np.array_equal(read_picture(again[0]).colour, picture.colour)
