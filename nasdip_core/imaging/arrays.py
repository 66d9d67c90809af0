"""Pictures from what Python users hold: files, Pillow images, arrays."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nasdip_core.errors import PictureError
from nasdip_core.imaging.kinds import Kind
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.pillow import picture_from_pillow
from nasdip_core.imaging.read import naming, read_picture, refuse_not_numbers
from nasdip_core.imaging.stack import Stack


def picture_of(source: Picture | str | Path | Image.Image | NDArray[Any]) -> Picture:
    """Return a picture, or make one of a file, `"sample:NAME"`, a Pillow image or an array.

    Arrays are (H, W) or (H, W, C) with C of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha);
    uint8, uint16, bool, or float in [0, 1], kept as float32. Raises PictureError for anything else.
    """
    if isinstance(source, Picture):
        return source
    if isinstance(source, (str, Path)):
        return read_picture(source)
    if isinstance(source, Image.Image):
        with naming("the image"):
            picture = picture_from_pillow(source)
            refuse_not_numbers(picture)
            return picture
    if isinstance(source, np.ndarray):
        return _from_array(source)
    raise PictureError(
        f"cannot make a picture of {type(source).__name__}",
        "give a path, a Pillow image or a NumPy array",
    )


def stack_of(array: NDArray[Any]) -> Stack:
    """Return frames (T, H, W) or (T, H, W, C), each as `picture_of` takes it, as a stack."""
    frames = [_from_array(frame) for frame in array]
    if frames and frames[0].kind.format == "TIFF":
        return Stack.of(frames)
    return Stack.of(frames, [f"{number:04}.png" for number in range(1, len(frames) + 1)])


def _from_array(array: NDArray[Any]) -> Picture:
    """Return a PNG picture of an integer array, a TIFF picture of a float one."""
    if array.dtype == np.bool_:  # a mask
        array = array.astype(np.uint8) * 255
    samples = array[..., None] if array.ndim == 2 else array
    if samples.ndim != 3 or samples.shape[2] not in {1, 2, 3, 4} or samples.size == 0:
        raise PictureError(
            f"an array of shape {array.shape} is no picture", "it must be (H, W) or (H, W, 1 to 4)"
        )
    if samples.dtype.kind == "f":
        if not bool(((samples >= 0) & (samples <= 1)).all()):
            raise PictureError("an array of floats must lie in [0, 1]", "scale it")
        samples, peak = samples.astype(np.float32), 1.0
    elif samples.dtype in (np.uint8, np.uint16):
        samples, peak = samples.copy(), float(np.iinfo(samples.dtype).max)
    else:
        raise PictureError(
            f"an array of {samples.dtype} is no picture", "use uint8, uint16, bool or float"
        )
    colours = 1 if samples.shape[2] < 3 else 3
    return Picture(
        colour=samples[..., :colours],
        alpha=samples[..., -1] if samples.shape[2] > colours else None,
        kind=Kind(
            format="TIFF" if samples.dtype == np.float32 else "PNG",
            model="grey" if colours == 1 else "rgb",
            peak=peak,
        ),
    )
