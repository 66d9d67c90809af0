"""Pictures from Pillow images and back: every mode that Pillow holds without losing bits."""

from __future__ import annotations

import numpy as np
from PIL import Image

from nasdip_core.errors import PictureError
from nasdip_core.imaging import palette as palettes
from nasdip_core.imaging.kinds import CHANNELS, Kind, Model, Samples, range_of
from nasdip_core.imaging.metadata import (
    LONGEST_JPEG_EXIF,
    coding_of,
    dpi_of,
    exif_of,
    gamma_of,
    icc_of,
    orientation_of,
    upright,
)
from nasdip_core.imaging.picture import Picture

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "PPM", "ICO", "AVIF", "QOI")
"""What is read. Left out: formats that run a program (EPS), or that Pillow cuts to 8 bits."""

_MODELS: dict[str, Model] = {
    "1": "bilevel",
    "L": "grey",
    "LA": "grey",
    "P": "palette",
    "RGB": "rgb",
    "RGBA": "rgb",
    "CMYK": "cmyk",
    "I": "grey",
    "F": "grey",
}

PILLOW_MODES = {
    "1": "1",
    "L": "L",
    "LA": "LA",
    "P": "P",
    "PA": "P",
    "RGB": "RGB",
    "RGBA": "RGBA",
    "CMYK": "CMYK",
    "L;16": "I;16",
    "L;F": "F",
}
"""Our name of a mode -> Pillow's, for those that Pillow writes without losing bits."""


def picture_from_pillow(image: Image.Image) -> Picture:
    """Return the picture in a Pillow image, turned upright, with its metadata.

    Raises PictureError for a mode whose samples Pillow has changed or that is not a picture's.
    """
    notes, stored = _losses(image), orientation_of(image)
    image.load()
    if image.mode.partition(";")[0] not in _MODELS:
        raise PictureError(f"its mode {image.mode} is not supported", "convert it to RGB")
    shown = image
    if image.mode in {"1", "L", "RGB"} and "transparency" in image.info:
        shown = image.convert("RGBA" if image.mode == "RGB" else "LA")
        notes = (*notes, "its transparent colour is written as an alpha channel")
    entries = _palette(image) if image.mode == "P" else None
    colour, alpha = _samples(shown, entries)
    orientation = orientation_of(image)
    low, peak = range_of(colour)
    file_format = "JPEG" if image.format == "MPO" else image.format or "PNG"
    exif = exif_of(image)
    if file_format == "JPEG" and exif is not None and len(exif) > LONGEST_JPEG_EXIF:
        notes = (*notes, "the camera data (Exif) is too long for a JPEG, which is written without")
    picture = Picture(
        colour=upright(colour, orientation),
        alpha=None if alpha is None else upright(alpha, orientation),
        kind=Kind(
            format=file_format,
            model=_MODELS[shown.mode.partition(";")[0]],
            low=low,
            peak=peak,
            palette=entries,
            icc=icc_of(image),
            dpi=dpi_of(image, stored),
            gamma=gamma_of(image),
            exif=exif,
            coding=coding_of(image) if orientation == 1 else None,
        ),
        notes=notes,
    )
    return picture.settled()


def pillow_image(picture: Picture) -> Image.Image:
    """Return a picture as a Pillow image; for the modes that Pillow holds without losing bits.

    Raises KeyError for the others (16-bit colour, deep alpha, float colour, more channels).
    """
    colour, alpha, model = picture.colour, picture.alpha, picture.kind.model
    if model == "palette":
        entries = np.frombuffer(picture.kind.palette or b"", np.uint8).reshape(-1, 4)
        image = Image.fromarray(palettes.indices(entries.tobytes(), colour, alpha))
        image.putpalette(entries[:, :3].tobytes())
        return image
    if model == "bilevel":
        return Image.fromarray(colour[..., 0]).convert("1", dither=Image.Dither.NONE)
    mode = PILLOW_MODES[picture.mode]
    stack = colour if alpha is None else np.dstack([colour, alpha])
    # The number of channels tells Pillow all modes apart but this one.
    if mode == "CMYK":
        return Image.frombytes(mode, (picture.width, picture.height), stack.tobytes())
    return Image.fromarray(stack[..., 0] if stack.shape[2] == 1 else stack)


def _samples(image: Image.Image, entries: bytes | None) -> tuple[Samples, Samples | None]:
    """Return colour (H, W, C) and alpha (H, W) of a loaded image."""
    array = np.asarray(image)
    if entries is not None:
        # An index beyond the palette shows as black.
        table = np.zeros((palettes.ENTRIES, 4), np.uint8)
        table[:, 3] = 255
        table[: len(entries) // 4] = np.frombuffer(entries, np.uint8).reshape(-1, 4)
        opaque = bool((table[:, 3] == 255).all())
        return table[array][..., :3], None if opaque else table[array][..., 3]
    if image.mode == "1":
        array = array.astype(np.uint8) * np.uint8(255)
    elif image.mode.startswith("I"):
        if array.min() < 0 or array.max() > 65535:
            raise PictureError(
                "its 32-bit integer samples do not fit 16 bits",
                "convert it to 16-bit unsigned or 32-bit float samples",
            )
        array = array.astype(np.uint16)
    array = array.reshape(array.shape[0], array.shape[1], -1)
    colours = CHANNELS[_MODELS[image.mode.partition(";")[0]]]
    return array[..., :colours], array[..., -1] if array.shape[2] > colours else None


def _palette(image: Image.Image) -> bytes:
    """Return the palette as RGBA entries."""
    image = image.copy()
    image.apply_transparency()
    return bytes(image.getpalette("RGBA") or b"")


def _losses(image: Image.Image) -> tuple[str, ...]:
    """Refuse samples that Pillow would cut; note what is left out. To be asked before loading."""
    notes: list[str] = []
    for tile in getattr(image, "tile", ())[:1]:
        arguments = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        if image.format == "PPM" and image.mode == "RGB" and arguments[-1] not in {"RGB", 255}:
            raise PictureError(
                "PPM colour of a depth other than 8 bits is not read", "convert it to TIFF or PNG"
            )
        if ";16" in str(arguments[0]) and not image.mode.startswith("I"):
            raise PictureError("Pillow cuts its 16 bits a sample to 8", "give the path of the file")
        if arguments[0] in {"L;2", "L;4"}:
            notes.append("2 or 4-bit grey levels are written with 8 bits")
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        notes.append(f"only the first of its {frames} frames is kept")
    if image.format == "AVIF":
        notes.append("AVIF is read with 8 bits a sample")
    return tuple(notes)
