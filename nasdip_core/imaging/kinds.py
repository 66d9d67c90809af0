"""Kinds of pictures: what must be known, besides the samples, to write the same kind back."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[Any]
"""Samples as a file stores them: uint8, uint16 or float32."""

Model = Literal["bilevel", "grey", "palette", "rgb", "cmyk", "channels"]
"""What the channels mean; `channels` is a TIFF of any other number of them."""

CHANNELS: dict[Model, int] = {"bilevel": 1, "grey": 1, "palette": 3, "rgb": 3, "cmyk": 4}
"""Colour channels of each model, alpha apart."""

SUFFIXES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".pnm": "PPM",
    ".ppm": "PPM",
    ".pgm": "PPM",
    ".pbm": "PPM",
    ".npy": "NPY",
}
"""File suffix -> format, for every format that is written; the first of a format is its own."""

LOSSLESS = "-lossless"
"""Ends the stem of the copy without loss that lies beside a JPEG."""

_HOLDS = {
    "PNG": {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "L;16", "LA;16", "RGB;16", "RGBA;16"},
    "JPEG": {"L", "RGB", "CMYK"},
    "WEBP": {"RGB", "RGBA"},
    "BMP": {"1", "L", "P", "RGB"},
    "PPM": {"1", "L", "RGB"},
    "NPY": {"L;F", "N;F"},
}
_LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383}
_LETTERS: dict[Model, str] = {
    "bilevel": "1",
    "grey": "L",
    "palette": "P",
    "rgb": "RGB",
    "cmyk": "CMYK",
    "channels": "N",
}
_DEPTHS = {"uint8": "", "uint16": ";16", "float32": ";F"}


@dataclass(frozen=True, slots=True)
class Coding:
    """How a JPEG file codes a picture."""

    tables: tuple[tuple[int, ...], ...]
    """Quantisation steps of luma and, in colour, of chroma: 64 each, row by row."""
    subsampling: tuple[int, int]
    """Pixels down and across that share one chroma sample: (2, 2) for 4:2:0."""
    as_rgb: bool = False
    """Whether red, green and blue are coded as they are, not as luma and chroma."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The file format of a picture and how it reads its samples."""

    format: str
    """Pillow's name of the file format; one of `SUFFIXES` once the picture is settled."""
    model: Model
    low: float = 0.0
    """The sample that stands for 0."""
    peak: float = 255.0
    """The sample that stands for 1."""
    palette: bytes | None = None
    """Entries of four bytes, red, green, blue and alpha; for the model `palette`."""
    premultiplied: bool = False
    """Colour is stored multiplied by alpha ("associated alpha" of TIFF)."""
    photometric: str = "minisblack"
    """How TIFF reads the first samples of the model `channels`: minisblack, rgb, separated."""
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    """Pixels an inch, across and down."""
    gamma: float | None = None
    """Of a PNG: the exponent from light to samples, where the file states one."""
    exif: bytes | None = None
    """An Exif block without orientation, thumbnail and pixel size."""
    coding: Coding | None = None
    """Of a JPEG whose samples stand as they were coded, neither turned nor changed."""

    @property
    def lossless(self) -> bool:
        """Whether the file format gives back the samples that were written."""
        return self.format != "JPEG"


def mode_name(model: Model, dtype: np.dtype[Any], alpha: bool) -> str:
    """Name a mode: Pillow's letters, `A` for alpha, `;16` or `;F` for deeper samples."""
    return _LETTERS[model] + ("A" if alpha else "") + _DEPTHS[dtype.name]


def holds(file_format: str, mode: str, longest_side: int) -> bool:
    """Say whether files of a format can hold a mode at this size without loss of meaning."""
    if file_format == "TIFF":
        return mode not in {"1A", "PA"}
    fits = longest_side <= _LONGEST_SIDE.get(file_format, longest_side)
    return fits and mode in _HOLDS.get(file_format, ())


def range_of(samples: Samples) -> tuple[float, float]:
    """Return the samples that stand for 0 and 1.

    Integers: 0 and the largest of their type. Floats: (0, 1) when all lie there, else the
    smallest interval that holds 0 and every sample that is finite.
    """
    if samples.dtype.kind == "u":
        return 0.0, float(np.iinfo(samples.dtype).max)
    finite = samples[np.isfinite(samples)]
    low, peak = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low >= 0 and peak <= 1:
        return 0.0, 1.0
    return min(0.0, low), max(0.0, peak)
