"""Blur kernels: (h, w) on the CPU, sides odd, non-negative, of sum 1."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from nasdip_core.errors import PictureError
from nasdip_core.imaging.read import naming, read_picture
from nasdip_tasks.deblur.options import Kernel

_LONGEST = 255


def make(options: Kernel) -> Tensor:
    """Return the kernel that the options name. Raises PictureError for a file without one."""
    match options.kernel:
        case "gaussian":
            return gaussian(options.width)
        case "motion":
            return motion(options.length, options.angle)
        case _:
            return from_file(options.kernel)


def gaussian(width: float) -> Tensor:
    """Return exp(-r^2 / (2 width^2)), cut off at 3 widths."""
    reach = max(1, math.ceil(3 * width))
    place = torch.arange(-reach, reach + 1, dtype=torch.float64)
    line = torch.exp(-place.square() / (2 * width**2))
    return _normal(line[:, None] * line)


def motion(length: float, angle: float) -> Tensor:
    """Return a straight way of so many pixels, at an angle in degrees against the clock."""
    reach = max(1, math.ceil(length / 2))
    along = torch.linspace(-1, 1, 64 * reach + 1, dtype=torch.float64) * (length - 1) / 2
    turned = math.radians(angle)
    across, down = along * math.cos(turned), -along * math.sin(turned)
    # Every point of the way is shared among the four pixels around it.
    side = 2 * reach + 1
    kernel = torch.zeros(side + 1, side + 1, dtype=torch.float64)
    row, column = (down + reach).floor().long(), (across + reach).floor().long()
    below, right = down + reach - row, across + reach - column
    for i, share_down in ((0, 1 - below), (1, below)):
        for j, share_across in ((0, 1 - right), (1, right)):
            kernel.index_put_((row + i, column + j), share_down * share_across, accumulate=True)
    return _normal(kernel[:side, :side])


def from_file(path: str) -> Tensor:
    """Return the kernel in a picture, in `.npy`, or in `FILE.npz#NAME`; even sides get a zero line.

    Raises PictureError where there is none.
    """
    file, _, name = path.partition("#")
    if file.endswith((".npy", ".npz")):
        samples = _array(file, name)
    else:
        # As stored: a range that begins below 0 would hide what is negative.
        samples = torch.from_numpy(read_picture(path).colour.astype(np.float64)).mean(dim=2)
    if samples.ndim != 2 or max(samples.shape) > _LONGEST:
        raise PictureError(
            f"the kernel '{path}' has the shape {tuple(samples.shape)}",
            f"it must be (h, w), {_LONGEST} at most",
        )
    if not bool(samples.isfinite().all()) or bool((samples < 0).any()) or not samples.sum() > 0:
        raise PictureError(f"the kernel '{path}' must be non-negative, finite and not all zero")
    below, right = (1 - side % 2 for side in samples.shape)
    return _normal(F.pad(samples, (0, right, 0, below)))


def _array(file: str, name: str) -> Tensor:
    with naming(f"the kernel '{Path(file).name}'"), Path(file).open("rb") as opened:
        content = np.load(opened, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return _real(content)
        with content:
            if name in content:
                return _real(content[name])
            names = ", ".join(content.files)
    raise PictureError(f"'{file}' has no kernel '{name}'", f"say {file}#NAME with one of {names}")


def _real(samples: NDArray[Any]) -> Tensor:
    if samples.dtype.kind not in "buif":
        raise PictureError(f"an array of {samples.dtype} is no kernel", "it must be real")
    return torch.from_numpy(samples.astype(np.float64))


def _normal(kernel: Tensor) -> Tensor:
    return (kernel / kernel.sum()).float()
