"""What a file says about a picture besides its samples: profile, resolution, Exif, orientation."""

import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from PIL import ExifTags, Image
from PIL.JpegImagePlugin import JpegImageFile

from nasdip_core.imaging.kinds import Coding, Samples

_KEPT = {
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.HostComputer,
    ExifTags.Base.Copyright,
}
"""Tags that stay true of a restored picture; a TIFF holds its layout in the same directory."""

LONGEST_JPEG_EXIF = 65533
"""Bytes of a block that one segment of a JPEG holds; some cameras fill several."""
_PIXEL_SIZE = (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight)
_ON_ITS_SIDE = range(5, 9)
"""Orientations of which rows are shown as columns."""


def icc_of(image: Image.Image) -> bytes | None:
    """Return the embedded colour profile, or None."""
    profile = image.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and profile else None


def dpi_of(image: Image.Image, orientation: int) -> tuple[float, float] | None:
    """Return pixels an inch of the upright picture, or None where the file states none.

    `orientation` is the file's: once loaded, Pillow has turned a TIFF, but not its resolution.
    """
    return upright_dpi(image.info.get("dpi"), orientation)


def upright_dpi(stated: Any, orientation: int) -> tuple[float, float] | None:
    """Return a resolution across and down that files can state, turned as the picture is.

    None where there is none; Pillow says (1, 1) then in a TIFF.
    """
    with suppress(TypeError, ValueError, ZeroDivisionError):
        across, down = (float(value) for value in stated)
        if all(math.isfinite(value) and 1 < value < 1e6 for value in (across, down)):
            return (down, across) if orientation in _ON_ITS_SIDE else (across, down)
    return None


def gamma_of(image: Image.Image) -> float | None:
    """Return the exponent that a PNG states its samples were coded with, or None."""
    gamma = image.info.get("gamma")
    return float(gamma) if isinstance(gamma, int | float) and gamma > 0 else None


def gamma_chunk(gamma: float) -> bytes:
    """Return what the chunk `gAMA` of a PNG holds: 100,000 times the exponent."""
    return struct.pack(">I", round(100_000 * gamma))


def coding_of(image: Image.Image) -> Coding | None:
    """Return the quantisation and the chroma subsampling of a JPEG; None of other files."""
    tables = getattr(image, "quantization", None)
    if not isinstance(image, JpegImageFile) or not tables or image.mode not in {"L", "RGB"}:
        return None
    used = [tuple(int(step) for step in tables[key]) for key in sorted(tables)[:2]]
    across, down, as_rgb = 1, 1, False
    if image.mode == "RGB":
        # As libjpeg decides it: JFIF is luma and chroma whatever else is said.
        transform = image.info.get("adobe_transform")
        named_rgb = bytes(layer[0] for layer in image.layer) == b"RGB"
        as_rgb = "jfif" not in image.info and (named_rgb if transform is None else transform == 0)
        across, down = (
            max(layer[i] for layer in image.layer) // image.layer[-1][i] for i in (1, 2)
        )
    return Coding((used[0], used[-1]), (down, across), as_rgb)


def exif_of(image: Image.Image) -> bytes | None:
    """Return the Exif block without orientation, thumbnail and pixel size; None if there is none.

    A block that cannot be read back counts as none: readers differ in what damage they bear.
    """
    with _forgiving():
        kept = Image.Exif()
        for tag, value in image.getexif().items():
            if tag in _KEPT:
                kept[tag] = value
        for directory in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            inside = dict(image.getexif().get_ifd(directory))
            for tag in _PIXEL_SIZE:
                inside.pop(tag, None)
            if inside:
                kept.get_ifd(directory).update(inside)
        block = kept.tobytes()
        again = Image.Exif()
        again.load(block)
        if len(again) > 0:
            return block
    return None


@contextmanager
def _forgiving() -> Iterator[None]:
    """Pass over damage, for which decoders raise errors of every type."""
    try:
        yield
    except Exception:
        return


def orientation_of(image: Image.Image) -> int:
    """Return the Exif orientation, 1 to 8; 1 where there is none that can be read."""
    with _forgiving():
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    return 1


def upright(samples: Samples, orientation: int) -> Samples:
    """Turn (H, W, ...) samples as an Exif orientation of 1 to 8 asks for."""
    match orientation:
        case 2:
            samples = samples[:, ::-1]
        case 3:
            samples = samples[::-1, ::-1]
        case 4:
            samples = samples[::-1]
        case 5:
            samples = samples.swapaxes(0, 1)
        case 6:
            samples = np.rot90(samples, -1)
        case 7:
            samples = samples[::-1, ::-1].swapaxes(0, 1)
        case 8:
            samples = np.rot90(samples)
    return np.ascontiguousarray(samples)
