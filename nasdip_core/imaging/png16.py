"""PNG files of 16 bits a sample, which Pillow cuts to 8 bits in colour or with alpha."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

from nasdip_core.errors import PictureError
from nasdip_core.imaging.kinds import Kind, Samples
from nasdip_core.imaging.metadata import (
    dpi_of,
    exif_of,
    gamma_chunk,
    gamma_of,
    icc_of,
    orientation_of,
    upright,
)
from nasdip_core.imaging.picture import Picture

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">IIBBBBB")
_GREY, _RGB, _GREY_ALPHA, _RGB_ALPHA = 0, 2, 4, 6
_INCH = 0.0254


def is_png16(head: bytes) -> bool:
    """Say whether the first 32 bytes of a file are those of a 16-bit PNG."""
    return head.startswith(SIGNATURE) and head[12:16] == b"IHDR" and head[24:25] == b"\x10"


def read_png16(data: bytes) -> Picture:
    """Return the picture in the bytes of a 16-bit PNG.

    Raises PictureError, or what the decoders raise, for a damaged file.
    """
    # Pillow checks size and checksums and reads the metadata; its samples are good for grey only.
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        frames = getattr(image, "n_frames", 1)
        image.load()
        colour, alpha = _samples(data, image)
        orientation = orientation_of(image)
        kind = Kind(
            format="PNG",
            model="grey" if colour.shape[2] == 1 else "rgb",
            peak=65535.0,
            icc=icc_of(image),
            dpi=dpi_of(image, orientation),
            gamma=gamma_of(image),
            exif=exif_of(image),
        )
        key = image.info.get("transparency")
    notes: tuple[str, ...] = ()
    if frames > 1:
        notes = (f"only the first of its {frames} frames is kept",)
    if key is not None and alpha is None:
        alpha = np.where((colour == np.uint16(key)).all(axis=2), 0, 65535).astype(np.uint16)
        notes = (*notes, "its transparent colour is written as an alpha channel")
    return Picture(
        colour=upright(colour, orientation),
        alpha=None if alpha is None else upright(alpha, orientation),
        kind=kind,
        notes=notes,
    )


def encode_png16(picture: Picture) -> bytes:
    """Return a grey or RGB picture of 16-bit samples, with or without alpha, as a PNG file."""
    colour, alpha, kind = picture.colour, picture.alpha, picture.kind
    samples = colour if alpha is None else np.dstack([colour, alpha])
    colour_type = {1: _GREY, 2: _GREY_ALPHA, 3: _RGB, 4: _RGB_ALPHA}[samples.shape[2]]
    rows = np.ascontiguousarray(samples, ">u2").view(np.uint8).reshape(picture.height, -1)
    filtered = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2  # filter "up": each byte less the one above it
    filtered[0, 1:] = rows[0]
    filtered[1:, 1:] = rows[1:] - rows[:-1]
    chunks = [
        (b"IHDR", _HEADER.pack(picture.width, picture.height, 16, colour_type, 0, 0, 0)),
    ]
    if kind.gamma is not None:
        chunks.append((b"gAMA", gamma_chunk(kind.gamma)))
    if kind.icc is not None:
        chunks.append((b"iCCP", b"ICC Profile\0\0" + zlib.compress(kind.icc)))
    if kind.dpi is not None:
        across, down = (round(value / _INCH) for value in kind.dpi)
        chunks.append((b"pHYs", struct.pack(">IIB", across, down, 1)))
    if kind.exif is not None:
        chunks.append((b"eXIf", kind.exif.removeprefix(b"Exif\0\0")))
    chunks += [(b"IDAT", zlib.compress(filtered.tobytes())), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(name, body) for name, body in chunks)


def _samples(data: bytes, image: Image.Image) -> tuple[Samples, Samples | None]:
    """Decode colour (H, W, C) and alpha (H, W), both uint16."""
    colour_type = data[25]
    if colour_type == _GREY:
        return np.asarray(image).astype(np.uint16)[..., None], None
    if colour_type == _GREY_ALPHA:
        # Two samples of 16 bits lie as four of 8 do, and PNG filters work on bytes: under the
        # header of 8-bit RGBA, the same data decodes without loss.
        header = bytes([*data[12:24], 8, _RGB_ALPHA, *data[26:29]])
        relabelled = data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]
        with Image.open(io.BytesIO(relabelled), formats=["PNG"]) as bytewise:
            pairs = np.ascontiguousarray(bytewise).view(">u2").astype(np.uint16)
        return pairs[..., :1], pairs[..., 1]
    from kornia_rs.io import decode_image_png_u16

    mode = {_RGB: "rgb", _RGB_ALPHA: "rgba"}.get(colour_type)
    if mode is None:
        raise PictureError(f"PNG colour type {colour_type} does not exist with 16 bits")
    decoded = decode_image_png_u16(data, (image.height, image.width), mode)
    samples = np.asarray(decoded, np.uint16)
    return samples[..., :3], samples[..., 3] if mode == "rgba" else None


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
