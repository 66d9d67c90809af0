"""From the pictures that a request names to the inputs of a task."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from torch import Tensor

from nasdip_core.errors import PictureError
from nasdip_core.imaging.array_files import array_picture, mask_picture
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.kinds import range_of
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.read import read_picture, read_stack
from nasdip_core.imaging.stack import Stack
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.seeds import generator
from nasdip_core.task import Damaged, Inputs, Task, TaskOptions

_WHITE_IS_ONE = 2.0
"""Floats up to here have white at 1, and go beyond by noise or a filter."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The pictures of a run."""

    picture: Picture
    """The damaged picture: the form that the result takes."""
    mask: Picture | None
    truth: Picture | None
    damage: Damaged | None
    """What was done here to a picture that was clean."""
    in_colour: bool = False
    """Whether the result is RGB, also of a grey picture."""

    @property
    def channels(self) -> int:
        """Return the channels of the result."""
        return 3 if self.in_colour else self.picture.channels

    def true(self) -> Tensor | None:
        """Return the truth as a tensor, in as many channels as the task works in."""
        return None if self.truth is None else _in_channels(self.truth, self.channels)

    def inputs(self) -> Inputs:
        """Return what the task is given, as tensors."""
        picture, kind = self.picture.tensor(), self.picture.kind
        return Inputs(
            picture=picture,
            alpha=self.picture.alpha_tensor(),
            premultiplied=kind.premultiplied,
            mask=None if self.mask is None else _mask(self.mask),
            truth=self.true(),
            damaged=self.damage is not None,
            measured=None if self.damage is None else self.damage.measured,
            guide=None if self.damage is None else self.damage.guide,
            inks=kind.model == "cmyk" or kind.photometric == "separated",
            coding=kind.coding,
            levels=int(self.picture.peak) if self.picture.colour.dtype.kind == "u" else None,
            zero=-kind.low / (kind.peak - kind.low),
            span=1.0 if self.picture.colour.dtype.kind == "u" else kind.peak - kind.low,
        )


def read_source(path: str, options: TaskOptions, *, or_one: bool = False) -> Picture:
    """Read what a task takes as its picture; with `or_one`, one picture for all frames of a stack.

    Raises PictureError where it cannot be read.
    """
    if options.stacked:
        return read_stack(path, or_one=or_one)
    return read_picture(path, arrays=options.takes_arrays)


def read_sources(resolved: Resolved, task: Task[Any, Any], given: Mapping[str, Picture]) -> Sources:
    """Read the pictures, and damage a clean one where that is asked for.

    `given` holds pictures that are in memory already, by `picture`, `mask` and `truth`.
    Raises PictureError where one cannot be read or does not fit the others.
    """

    def load(role: str, path: str | None) -> Picture | None:
        if role in given:
            return given[role]
        return None if path is None else read_source(path, resolved.task, or_one=role == "mask")

    picture = load("picture", resolved.picture)
    assert picture is not None
    mask, truth = load("mask", resolved.mask), load("truth", resolved.truth)
    _check_frames(picture, mask, truth, stacked=resolved.task.stacked)
    if resolved.corrupt is not None:
        draws = generator(resolved.problem_seed, "corrupt")
        damaged = task.corrupt(picture.tensor(), resolved.corrupt, draws)
        if damaged.mask is not None:
            mask = marks(damaged.mask, by_entry=resolved.task.takes_arrays)
        picture, truth = damaged_and_truth(picture, damaged)
        if picture.kind.format == "NPY" and not isinstance(picture, Stack):
            picture = array_picture(picture.colour)
        return Sources(picture, mask, _in_range(truth, picture), damaged, resolved.task.in_colour)
    if mask is not None:
        _check_mask(mask, picture, resolved)
    picture = _in_range_of_known(picture, mask, resolved.task)
    truth = None if truth is None else _in_range(truth, picture)
    return Sources(picture, mask, truth, None, resolved.task.in_colour)


def damaged_and_truth(clean: Picture, damaged: Damaged) -> tuple[Picture, Picture]:
    """Return the damaged picture and the truth in the form of the clean one, alpha cropped, too."""
    alpha = clean.alpha_tensor()
    if alpha is not None:
        (top, left), (height, width) = damaged.corner, damaged.truth.shape[-2:]
        alpha = alpha[..., top : top + height, left : left + width]
    truth = _with_gaps(clean, damaged.truth, alpha)
    return _with_gaps(truth, damaged.picture, "keep"), truth


def marks(mask: Tensor, *, by_entry: bool) -> Picture:
    """Return a mask (1, C, H, W) as a picture: a black and white one, or an array.

    Those of a stack (T, 1, H, W) are a folder of pictures.
    """
    if by_entry:
        return mask_picture(mask[0].permute(1, 2, 0).numpy())
    frames = [picture_of((each.numpy() * 255).astype(np.uint8)) for each in mask[:, 0]]
    if len(frames) == 1:
        return frames[0]
    return Stack.of(frames, [f"{number:04}.png" for number in range(1, len(frames) + 1)])


def _check_frames(
    picture: Picture, mask: Picture | None, truth: Picture | None, *, stacked: bool
) -> None:
    if stacked:
        for role, each in (("picture", picture), ("truth", truth)):
            if each is not None and not isinstance(each, Stack):
                raise PictureError(
                    f"the {role} is no stack of frames", "it must be (T, H, W) or (T, H, W, C)"
                )
    for role, other in (("mask", mask), ("truth", truth)):
        if isinstance(other, Stack) and isinstance(picture, Stack):
            frames = len(other.frames), len(picture.frames)
            if frames[0] != frames[1]:
                raise PictureError(f"the {role} has {frames[0]} frames, the stack {frames[1]}")


def _check_mask(mask: Picture, picture: Picture, resolved: Resolved) -> None:
    if mask.colour.shape[:2] != picture.colour.shape[:2]:
        raise PictureError(
            f"the mask '{resolved.mask}' is {_size(mask)}, the picture is {_size(picture)}",
            "they must have the same size",
        )
    if mask.kind.format == "NPY" and mask.channels > 1:
        wanted = picture.channels if resolved.task.takes_arrays else 1
        if mask.channels != wanted:
            raise PictureError(
                f"the mask '{resolved.mask}' has {mask.channels} marks a pixel",
                "it must be (H, W)" + (f" or (H, W, {wanted})" if wanted > 1 else ""),
            )


def _in_range_of_known(picture: Picture, mask: Picture | None, options: TaskOptions) -> Picture:
    """Return a picture of floats in the range of those that mean something."""
    if picture.colour.dtype.kind != "f":
        return picture
    if isinstance(picture, Stack):
        masks = mask.frames if isinstance(mask, Stack) else [mask] * len(picture.frames)
        frames = [
            _in_range_of_known(frame, own, options)
            for frame, own in zip(picture.frames, masks, strict=True)
        ]
        return Stack.of(frames, picture.names)
    marks = None if mask is None else _mask(mask)[0].movedim(0, -1).numpy()
    unknown = options.unknown_samples(picture.colour, marks)
    if unknown is None:
        return picture
    low, peak = range_of(np.where(unknown, np.nan, picture.colour))
    kind = replace(picture.kind, low=low, peak=peak if peak > low else low + 1)
    return replace(picture, kind=kind)


def check_truth(truth: Tensor | None, size: tuple[int, int]) -> None:
    """Raise PictureError where the truth has another size than the result."""
    if truth is not None and tuple(truth.shape[-2:]) != size:
        raise PictureError(
            f"the truth is {truth.shape[-1]} x {truth.shape[-2]}, "
            f"the result will be {size[1]} x {size[0]}",
            "they must have the same size",
        )


def _size(picture: Picture) -> str:
    height, width = picture.colour.shape[:2]
    return f"{width} x {height}"


def _in_range(truth: Picture, picture: Picture) -> Picture:
    """Return the truth in the picture's range, which of floats is that of what is in it.

    Floats beside integers are taken for numbers of the same unit, or with white at 1.
    """
    if isinstance(truth, Stack):
        return Stack.of([_in_range(frame, picture) for frame in truth.frames], truth.names)
    of_floats = [each.colour.dtype.kind == "f" for each in (truth, picture)]
    if not any(of_floats):
        return truth
    white = 1.0
    if not all(of_floats):
        floats, integers = (truth, picture) if of_floats[0] else (picture, truth)
        if floats.kind.peak <= _WHITE_IS_ONE:
            white = integers.peak if of_floats[1] else 1 / integers.peak
    low, peak = (white * limit for limit in (picture.kind.low, picture.kind.peak))
    return replace(truth, kind=replace(truth.kind, low=low, peak=peak))


def _with_gaps(
    picture: Picture, samples: Tensor, alpha: Tensor | Literal["keep"] | None
) -> Picture:
    """Return a picture with other samples, of which those of an array may be NaN."""
    gaps = samples.isnan()
    made = picture.with_samples(samples.masked_fill(gaps, 0), alpha=alpha)
    if gaps.any():
        made.colour[gaps[0].movedim(0, -1).numpy()] = np.nan
    return made


def _mask(mask: Picture) -> Tensor:
    """Return (1, 1, H, W), or (1, C, H, W) where an array has a mark for every entry.

    (T, 1, H, W) where there is one for each frame.
    """
    found = mask.tensor()
    if mask.kind.model == "cmyk":  # inks: white is where there is none
        found = (1 - found[:, :3]) * (1 - found[:, 3:])
    return found if mask.kind.format == "NPY" else found.mean(dim=1, keepdim=True)


def _in_channels(picture: Picture, channels: int) -> Tensor:
    tensor = picture.tensor()
    if tensor.shape[1] == 1 and channels > 1:
        return tensor.expand(-1, channels, -1, -1)
    if tensor.shape[1] != channels:
        raise PictureError(
            f"the truth has {tensor.shape[1]} channels, the result {channels}",
            "they must be of one kind",
        )
    return tensor
