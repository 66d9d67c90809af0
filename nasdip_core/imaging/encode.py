"""From a picture to the bytes of a file."""

import io
from typing import Any

import numpy as np
from PIL.PngImagePlugin import PngInfo

from nasdip_core.imaging.array_files import array_bytes
from nasdip_core.imaging.metadata import LONGEST_JPEG_EXIF, gamma_chunk
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.pillow import PILLOW_MODES, pillow_image
from nasdip_core.imaging.png16 import encode_png16
from nasdip_core.imaging.stack import Stack
from nasdip_core.imaging.tiff import encode_tiff


def encode(picture: Picture, file_format: str) -> bytes:
    """Return a picture as a file of a format that holds its mode (see `kinds.holds`).

    JPEG is written at quality 97 without chroma subsampling, WebP lossless, TIFF uncompressed.
    """
    if file_format == "PNG" and picture.colour.dtype == np.uint16:
        return encode_png16(picture)
    deep = picture.mode not in PILLOW_MODES or picture.kind.premultiplied
    if file_format == "TIFF" and (deep or isinstance(picture, Stack)):
        return encode_tiff(picture)
    if file_format == "NPY":
        return array_bytes(picture)
    file = io.BytesIO()
    pillow_image(picture).save(file, file_format, **_settings(picture, file_format))
    return file.getvalue()


def _settings(picture: Picture, file_format: str) -> dict[str, Any]:
    """Return what Pillow is told about a file besides the samples."""
    kind = picture.kind
    settings: dict[str, Any] = {"icc_profile": kind.icc, "dpi": kind.dpi, "exif": kind.exif}
    if file_format == "PNG" and kind.gamma is not None:
        settings["pnginfo"] = PngInfo()
        settings["pnginfo"].add(b"gAMA", gamma_chunk(kind.gamma))
    if file_format == "JPEG":
        settings |= {"quality": 97, "subsampling": 0}
        if kind.exif is not None and len(kind.exif) > LONGEST_JPEG_EXIF:
            settings["exif"] = None
    elif file_format == "WEBP":
        # "exact" keeps the colour of transparent pixels.
        settings |= {"lossless": True, "exact": True}
    elif kind.palette is not None and picture.alpha is not None:
        settings["transparency"] = kind.palette[3::4]
    return {name: value for name, value in settings.items() if value is not None}
