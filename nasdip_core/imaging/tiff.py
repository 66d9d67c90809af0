"""TIFF files: 16-bit and float colour, alpha and many channels by tifffile, the rest by Pillow."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from nasdip_core.errors import PictureError
from nasdip_core.imaging.kinds import CHANNELS, Kind, Model, Samples, range_of
from nasdip_core.imaging.metadata import exif_of, upright, upright_dpi
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.pillow import PILLOW_MODES, picture_from_pillow
from nasdip_core.imaging.stack import Stack

if TYPE_CHECKING:
    from tifffile import TiffPage, TiffWriter

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""First bytes of a TIFF and of a BigTIFF, in either byte order."""

_WHITE_IS_0, _BLACK_IS_0, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_COLOURS = {_WHITE_IS_0: 1, _BLACK_IS_0: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _YCBCR: 3}
_MODELS: dict[int, Model] = {_WHITE_IS_0: "grey", _BLACK_IS_0: "grey", _RGB: "rgb", _CMYK: "cmyk"}
_PHOTOMETRIC: dict[Model, str] = {
    "grey": "minisblack",
    "palette": "rgb",
    "rgb": "rgb",
    "cmyk": "separated",
}
_ASSOCIATED, _UNASSOCIATED = 1, 2
_PLANES = 2
_INCH, _CENTIMETRE = 2, 3
_ONLY_FIRST = "only the first"
"""How the note begins that is made where a file has several frames and is read as one picture."""


def read_tiff(path: Path) -> Picture:
    """Return the first picture of a TIFF file.

    Raises PictureError for what cannot be kept, or what the decoders raise for a damaged file.
    """
    from tifffile import TiffFile

    with TiffFile(path) as file:
        page = file.pages.first
        _refuse_raw(page)
        check_size(page.imagewidth, page.imagelength, page.samplesperpixel)
        if not _is_deep(page):
            with Image.open(path, formats=["TIFF"]) as image:
                return picture_from_pillow(image)
        notes: tuple[str, ...] = ()
        if len(file.pages) > 1:
            notes = (f"{_ONLY_FIRST} of its {len(file.pages)} frames is kept",)
        return _deep_picture(path, page, notes)


def read_tiff_pages(path: Path) -> list[Picture]:
    """Return the pages of a TIFF file, smaller copies of them left out.

    Raises PictureError for what cannot be kept, or what the decoders raise for a damaged file.
    """
    from tifffile import TiffFile

    frames: list[Picture] = []
    with TiffFile(path) as file:
        for number, each in enumerate(file.pages):
            page = each.aspage()
            if page.is_reduced:
                continue
            check_size(page.imagewidth, page.imagelength, page.samplesperpixel)
            if _is_deep(page):
                frames.append(_deep_picture(path, page, ()))
            else:
                with Image.open(path, formats=["TIFF"]) as image:
                    image.seek(number)
                    frame = picture_from_pillow(image)
                notes = tuple(note for note in frame.notes if not note.startswith(_ONLY_FIRST))
                frames.append(replace(frame, notes=notes))
    return frames


def encode_tiff(picture: Picture) -> bytes:
    """Return a picture as an uncompressed TIFF file, which every reader opens.

    A stack has a page for each frame.
    """
    from tifffile import TiffWriter

    file = io.BytesIO()
    with TiffWriter(file) as writer:
        for page in picture.frames if isinstance(picture, Stack) else [picture]:
            _write_page(writer, page)
    return file.getvalue()


def _write_page(writer: TiffWriter, picture: Picture) -> None:
    colour, alpha, kind = picture.colour, picture.alpha, picture.kind
    samples = colour if alpha is None else np.dstack([colour, alpha])
    photometric = _PHOTOMETRIC.get(kind.model, kind.photometric)
    base = {"minisblack": 1, "rgb": 3, "separated": 4}[photometric]
    extra = ["unspecified"] * (samples.shape[2] - base)
    if alpha is not None:
        extra[-1] = "assocalpha" if kind.premultiplied else "unassalpha"
    writer.write(
        samples if samples.shape[2] > 1 else samples[..., 0],
        photometric=photometric,
        planarconfig="contig" if samples.shape[2] > 1 else None,
        extrasamples=extra or None,
        iccprofile=kind.icc,
        resolution=kind.dpi,
        resolutionunit=None if kind.dpi is None else "inch",
        extratags=_text_tags(kind.exif),
        metadata=None,
        software=False,
        contiguous=False,
    )


def check_size(width: int, height: int, channels: int) -> None:
    """Refuse a picture beyond Pillow's limit against decompression bombs; four channels count 1."""
    limit = Image.MAX_IMAGE_PIXELS
    pixels = width * height * max(1, channels / 4)
    if limit is not None and pixels > 2 * limit:
        raise PictureError(
            f"{width}x{height} pixels of {channels} channels are too many",
            f"up to {2 * limit // 10**6} megapixels are read",
        )


def _refuse_raw(page: TiffPage) -> None:
    """Refuse camera raw files, whose first picture is a thumbnail."""
    if page.is_reduced or "DNGVersion" in page.tags:
        raise PictureError("it is a camera raw file", "develop it to a 16-bit TIFF first")


def _is_deep(page: TiffPage) -> bool:
    """Say whether Pillow would change, or cannot read, the samples of a page."""
    extra = tuple(int(value) for value in page.extrasamples)
    colours = page.samplesperpixel - len(extra)
    # Pillow knows no CMYK with alpha.
    known = {()} if int(page.photometric) == _CMYK else {(), (_UNASSOCIATED,)}
    plain = colours == _COLOURS.get(int(page.photometric)) and extra in known
    unsigned = int(page.sampleformat) == 1
    return not (plain and unsigned and np.max(page.bitspersample) <= 8)


def _deep_picture(path: Path, page: TiffPage, notes: tuple[str, ...]) -> Picture:
    """Return the picture of a page whose samples tifffile reads."""
    model = _MODELS.get(int(page.photometric))
    if model is None:
        raise PictureError(
            f"a TIFF of colour space {int(page.photometric)} with {page.bitspersample} bits is "
            "not supported",
            "convert it to RGB",
        )
    samples = _decoded(path, page)
    if samples.dtype == np.float16:
        samples = samples.astype(np.float32)
        notes = (*notes, "16-bit float samples are written with 32 bits")
    if samples.dtype.name not in {"uint8", "uint16", "float32"}:
        raise PictureError(
            f"its samples are {samples.dtype.name}",
            "convert them to 8 or 16-bit unsigned integers or 32-bit floats",
        )
    colour, alpha, associated = _split(samples, CHANNELS[model], page)
    photometric = _PHOTOMETRIC[model]
    low, peak = range_of(colour)
    if colour.shape[2] != CHANNELS[model]:
        model = "channels"
    elif int(page.photometric) == _WHITE_IS_0:
        colour = colour.dtype.type(low + peak) - colour
    orientation = int(_tag(page, "Orientation") or 1)
    with_exif, exif = _exif(path)
    picture = Picture(
        colour=upright(colour, orientation),
        alpha=None if alpha is None else upright(alpha, orientation),
        kind=Kind(
            format="TIFF",
            model=model,
            low=low,
            peak=peak,
            premultiplied=associated,
            photometric=photometric,
            icc=_tag(page, "InterColorProfile"),
            dpi=_dpi(page, orientation),
            exif=exif,
        ),
        notes=notes,
    )
    if with_exif and picture.mode not in PILLOW_MODES:
        note = f"the camera data (Exif) is left out of a {picture.mode} TIFF"
        picture = replace(picture, notes=(*notes, note))
    return picture.settled()


def _decoded(path: Path, page: TiffPage) -> Samples:
    """Return the samples of a page as (H, W, S)."""
    # tifffile would fill the rest with zeros, one strip at a time.
    if len(page.dataoffsets) < math.prod(page.chunked) or not all(page.databytecounts):
        raise PictureError("it is damaged (parts of its samples are missing)")
    try:
        samples = np.asarray(page.asarray())
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        return _decoded_by_kornia(path, page)
    if page.axes == "SYX":
        return np.moveaxis(samples, 0, -1)
    if page.axes == "YX":
        return samples[..., None]
    if page.axes != "YXS":
        raise PictureError(f"its axes are {page.axes}", "save one flat picture")
    return samples


def _decoded_by_kornia(path: Path, page: TiffPage) -> Samples:
    """Decode a compression (LZW, say) that tifffile has no decoder of its own for."""
    from kornia_rs.io import read_image_tiff_f32, read_image_tiff_u16
    from tifffile import COMPRESSION

    dtype = "none" if page.dtype is None else page.dtype.name
    read = {"uint16": read_image_tiff_u16, "float32": read_image_tiff_f32}.get(dtype)
    mode = {1: "mono", 3: "rgb"}.get(page.samplesperpixel)
    # It reads the first page only, and turns black and white round by itself.
    if read is None or mode is None or page.index or page.photometric == _WHITE_IS_0:
        raise PictureError(
            f"its compression ({COMPRESSION(page.compression).name}) is not supported for "
            f"{page.samplesperpixel} channels of {dtype} samples",
            "save it uncompressed or with Deflate",
        )
    samples = np.asarray(read(str(path), mode))
    if page.planarconfig == _PLANES:  # plane after plane, as in the file
        return np.moveaxis(samples.reshape(-1, page.imagelength, page.imagewidth), 0, -1)
    return samples.reshape(page.imagelength, page.imagewidth, -1)


def _split(samples: Samples, colours: int, page: TiffPage) -> tuple[Samples, Samples | None, bool]:
    """Return colour, alpha and whether alpha is associated; extra channels stay with colour."""
    extra = tuple(int(value) for value in page.extrasamples)
    count = samples.shape[2]
    if count < colours:
        raise PictureError(f"it has {count} channels where its colour space has {colours}")
    if count != colours + 1 or extra not in {(_ASSOCIATED,), (_UNASSOCIATED,)}:
        return samples, None, False
    alpha = samples[..., -1]
    # A float channel beyond [0, 1] is data, whatever the file calls it.
    if range_of(alpha) not in {(0.0, 1.0), (0.0, 255.0), (0.0, 65535.0)}:
        return samples, None, False
    return samples[..., :-1], alpha, extra == (_ASSOCIATED,)


def _tag(page: TiffPage, name: str) -> Any:
    tag = page.tags.get(name)
    return None if tag is None else tag.value


def _dpi(page: TiffPage, orientation: int) -> tuple[float, float] | None:
    """Return pixels an inch of the upright picture, or None where no unit is stated."""
    unit = int(_tag(page, "ResolutionUnit") or _INCH)
    across, down = _tag(page, "XResolution"), _tag(page, "YResolution")
    if across is None or down is None or unit not in {_INCH, _CENTIMETRE}:
        return None
    scale = 2.54 if unit == _CENTIMETRE else 1.0
    return upright_dpi((scale * (n / d) if d else 0.0 for n, d in (across, down)), orientation)


def _exif(path: Path) -> tuple[bool, bytes | None]:
    """Return whether there is camera data, and the Exif block."""
    try:
        with Image.open(path, formats=["TIFF"]) as image:
            directories = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
            exif = image.getexif()
            return any(exif.get_ifd(name) for name in directories), exif_of(image)
    except UnidentifiedImageError:
        return False, None


def _text_tags(exif: bytes | None) -> list[tuple[int, str, int, bytes, bool]]:
    """Return the texts of an Exif block (maker, author, date ...) as tifffile takes them."""
    block = Image.Exif()
    block.load(exif or b"")
    return [
        (tag, "s", 0, value.encode(errors="replace"), True)
        for tag, value in sorted(block.items())
        if isinstance(value, str)
    ]
