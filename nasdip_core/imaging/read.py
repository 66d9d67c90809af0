"""Reading a picture: any file in, one clear error line for what cannot be read."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from nasdip_core.errors import PictureError
from nasdip_core.imaging import array_files
from nasdip_core.imaging.folder import ARRAYS, frame_files
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.pillow import FORMATS, picture_from_pillow
from nasdip_core.imaging.png16 import is_png16, read_png16
from nasdip_core.imaging.samples import PREFIX, sample_path
from nasdip_core.imaging.stack import Stack
from nasdip_core.imaging.tiff import SIGNATURES, read_tiff, read_tiff_pages

_SILENCE = logging.Filter("nasdip")
"""Lets through nothing that another logger says."""


def read_picture(source: str | Path, *, arrays: bool = False) -> Picture:
    """Return the picture in a file, turned upright; `"sample:NAME"` reads a bundled one.

    With `arrays`, a folder is a stack of frames, and an array may have gaps (NaN).

    Raises PictureError when the file is missing, empty, damaged, no picture, too large, holds
    samples that are not numbers, or cannot be kept without losing bits.
    """
    if isinstance(source, str) and source.startswith(PREFIX):
        source = sample_path(source.removeprefix(PREFIX))
    path = Path(source)
    with naming(str(path)):
        if arrays and path.is_dir():
            files = frame_files(path)
            return array_files.stacked({file.name: read_picture(file) for file in files})
        if path.is_dir():
            raise PictureError("it is a directory")
        with path.open("rb") as file:
            head = file.read(32)
        if not head:
            raise PictureError("the file is empty")
        picture = _decoded(path, head)
        if not arrays:
            refuse_not_numbers(picture)
    return picture


def read_stack(source: str | Path, *, or_one: bool = False) -> Picture:
    """Return the frames in a folder, the pages of a TIFF or an array (T, H, W) or (T, H, W, C).

    With `or_one`, a file that holds a single picture is that picture.
    Raises PictureError as `read_picture` does, and where there are fewer than two frames, or
    frames of different sizes or kinds.
    """
    path = Path(source)
    if isinstance(source, str) and source.startswith(PREFIX):
        path = Path(sample_path(source.removeprefix(PREFIX)))
    with naming(str(source)):
        if path.is_dir():
            files = frame_files(path)
            return Stack.of([read_picture(file) for file in files], [file.name for file in files])
        frames = _frames(path)
        if not frames and not or_one:
            raise PictureError(
                "it is no stack of frames",
                "a folder of frames, a TIFF of several pages or an array (T, H, W) is one",
            )
        if or_one and len(frames) < 2:
            return read_picture(path)
        stack = Stack.of(frames)
        refuse_not_numbers(stack)
        return stack


def refuse_not_numbers(picture: Picture) -> None:
    """Raise PictureError when a float picture holds NaN or infinite samples."""
    frames = picture.frames if isinstance(picture, Stack) else [picture]
    finite = all(
        bool(np.isfinite(samples).all())
        for frame in frames
        for samples in (frame.colour, frame.alpha)
        if samples is not None
    )
    if not finite:
        raise PictureError("it holds samples that are not numbers (NaN or infinite)")


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Turn whatever decoders raise into one PictureError that names the picture."""
    try:
        with _quiet():
            yield
    except PictureError as error:
        raise PictureError(f"cannot read {name}: {error.what}", error.hint) from None
    except FileNotFoundError:
        raise PictureError(f"cannot read {name}: there is no such file") from None
    except UnidentifiedImageError:
        raise PictureError(
            f"cannot read {name}: no picture is found in it", f"known formats: {', '.join(FORMATS)}"
        ) from None
    except Image.DecompressionBombError:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise PictureError(
            f"cannot read {name}: it has too many pixels", f"up to {limit} megapixels are read"
        ) from None
    except MemoryError:
        raise PictureError(f"cannot read {name}: there is not enough memory") from None
    except Exception as error:  # decoders of damaged files raise errors of every type
        system = error.strerror if isinstance(error, OSError) else None
        said = " ".join(str(error).split())
        reason = system or f"it cannot be decoded ({type(error).__name__}: {said})"
        raise PictureError(f"cannot read {name}: {reason}") from error


def _decoded(path: Path, head: bytes) -> Picture:
    """Hand a file to the reader that keeps all of its bits."""
    if path.suffix.lower() in ARRAYS:
        return array_files.read_array(path)
    if head.startswith(SIGNATURES):
        return read_tiff(path)
    if is_png16(head):
        return read_png16(path.read_bytes())
    with Image.open(path, formats=FORMATS) as image:
        return picture_from_pillow(image)


def _frames(path: Path) -> list[Picture]:
    """Return the frames in a file; none where its format holds one picture."""
    if path.suffix.lower() in ARRAYS:
        return array_files.read_array_frames(path)
    with path.open("rb") as file:
        head = file.read(32)
    return read_tiff_pages(path) if head.startswith(SIGNATURES) else []


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep decoders from talking: what matters they raise."""
    logger = logging.getLogger("tifffile")
    logger.addFilter(_SILENCE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.removeFilter(_SILENCE)
