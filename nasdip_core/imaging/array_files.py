"""Arrays as pictures: a matrix is a grey one, a cube or a stack of frames one of many channels."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasdip_core.errors import PictureError
from nasdip_core.imaging.kinds import Kind, Model, range_of
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.stack import Stack, of_one_range

_LAYOUT = "it must be (H, W) or (H, W, C)"


def read_array(path: Path) -> Picture:
    """Return the array of a file as a picture of floats, which may hold NaN.

    A table with a row a line (.csv); the only array of an .npz or .mat file. A hyperspectral .mat
    of bands by pixels, column by column, is known by its `Y`, `nRow` and `nCol`.
    Raises PictureError for anything else.
    """
    return array_picture(_array(path))


def read_array_frames(path: Path) -> list[Picture]:
    """Return the frames of an array (T, H, W) or (T, H, W, C); a matrix is one frame.

    Raises PictureError for anything else.
    """
    array = _array(path)
    if array.ndim not in (2, 3, 4):
        shape = "it must be (T, H, W) or (T, H, W, C)"
        raise PictureError(f"an array of shape {array.shape} is no stack", shape)
    return [array_picture(frame) for frame in (array[None] if array.ndim == 2 else array)]


def array_picture(array: NDArray[Any]) -> Picture:
    """Return numbers (H, W) or (H, W, C), of any range, as a picture of floats that is an .npy."""
    samples = array[..., None] if array.ndim == 2 else array
    if samples.ndim != 3 or samples.dtype.kind not in "buif":
        raise PictureError(f"an array {array.shape} of {array.dtype} is no picture", _LAYOUT)
    if samples.size == 0:
        raise PictureError(f"an array of shape {array.shape} is empty")
    # Half of the digits of a float64 are lost, so known samples are no longer the same bits.
    kept = array.dtype == np.float32
    notes = () if kept else (f"an array of {array.dtype} comes back as one of float32",)
    samples = samples.astype(np.float32)
    known = samples[np.isfinite(samples)]
    if known.size == 0 or np.isinf(samples).any():
        raise PictureError("it holds infinite samples or none at all that are numbers")
    low, peak = range_of(known)
    # Zeros alone still need a range.
    kind = _kind(samples, low, peak if peak > low else low + 1)
    return Picture(samples, None, kind, notes)


def mask_picture(mask: NDArray[np.bool_]) -> Picture:
    """Return marks (H, W, C) as a picture with a channel for each."""
    return Picture(mask.astype(np.float32), None, _kind(mask, 0.0, 1.0))


def _kind(samples: NDArray[Any], low: float, peak: float) -> Kind:
    model: Model = "grey" if samples.shape[2] == 1 else "channels"
    return Kind(format="NPY", model=model, low=low, peak=peak)


def stacked(frames: Mapping[str, Picture]) -> Picture:
    """Return frames as the channels of one picture, their colours averaged.

    Raises PictureError for fewer than two, or for sizes that differ.
    """
    if len(frames) < 2:
        raise PictureError(f"the folder holds {len(frames)} frames, two are needed")
    first = next(iter(frames.values()))
    for name, frame in frames.items():
        if frame.colour.shape[:2] != first.colour.shape[:2]:
            raise PictureError(
                f"the frame '{name}' is {frame.width} x {frame.height}, "
                f"the first is {first.width} x {first.height}"
            )
    shared = of_one_range(list(frames.values()))
    picture = array_picture(np.stack([f.tensor()[0].mean(dim=0).numpy() for f in shared], axis=-1))
    if all(frame.channels == 1 for frame in shared):
        return picture
    return replace(picture, notes=("of frames in colour the mean of their channels is taken",))


def array_bytes(picture: Picture) -> bytes:
    """Return a picture's samples as an .npy file: (H, W) of a grey one, else (H, W, C).

    Those of a stack have the frames before them.
    """
    file = io.BytesIO()
    samples = picture.samples if isinstance(picture, Stack) else picture.colour
    np.save(file, samples[..., 0] if picture.channels == 1 else samples, allow_pickle=False)
    return file.getvalue()


def _array(path: Path) -> NDArray[Any]:
    readers = {".npy": _npy, ".npz": _npz, ".csv": _csv, ".mat": _mat}
    return readers[path.suffix.lower()](path)


def _npy(path: Path) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, allow_pickle=False)
    return array


def _npz(path: Path) -> NDArray[Any]:
    with np.load(path, allow_pickle=False) as archive:
        return _only({name: archive[name] for name in archive.files})


def _csv(path: Path) -> NDArray[Any]:
    # Spreadsheets begin a file in UTF-8 with a byte-order mark.
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = [(i, line) for i, line in enumerate(csv.reader(file), start=1) if line]
    if not lines:
        raise PictureError("the file is empty")
    width = len(lines[0][1])
    table = np.empty((len(lines), width), np.float32)
    for row, (number, line) in zip(table, lines, strict=True):
        if len(line) != width:
            raise PictureError(f"line {number} has {len(line)} columns, the first has {width}")
        for i, cell in enumerate(line):
            try:
                row[i] = float(cell) if cell.strip() else np.nan
            except ValueError:
                raise PictureError(f"line {number} holds '{cell}', which is no number") from None
    return table


def _mat(path: Path) -> NDArray[Any]:
    from scipy.io import loadmat

    content = {k: v for k, v in loadmat(path).items() if isinstance(v, np.ndarray)}
    if {"Y", "nRow", "nCol"} <= content.keys():
        rows, columns = (int(content[name].item()) for name in ("nRow", "nCol"))
        # MATLAB counts pixels column by column.
        return content["Y"].reshape(-1, columns, rows).transpose(2, 1, 0)
    return _only({k: v for k, v in content.items() if v.dtype.kind in "buif" and v.size > 1})


def _only(arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    if len(arrays) != 1:
        named = ", ".join(sorted(arrays)) or "none"
        raise PictureError(f"it must hold one array, it holds {named}", "save the one as .npy")
    return next(iter(arrays.values()))
