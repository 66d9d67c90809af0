"""Separation of pictures that lie over one another (Double-DIP, section 5)."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_core.errors import PictureError
from nasdip_core.imaging.folder import pictures_in
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.read import read_picture
from nasdip_core.imaging.samples import PREFIX as SAMPLE
from nasdip_core.problem import Problem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_tasks.separate.mark import drawn_mark
from nasdip_tasks.separate.options import SeparateCorruption, SeparateOptions
from nasdip_tasks.separate.problem import SeparateProblem
from nasdip_tasks.separate.watermark import WatermarkProblem


class Separate(Task[SeparateOptions, SeparateCorruption]):
    """Takes layers apart: two pictures that lie over one another, or pictures and a watermark."""

    def problem(
        self, inputs: Inputs, options: SeparateOptions, generator: torch.Generator
    ) -> Problem:
        """Return the coupled fit.

        Raises PictureError where pictures differ in size or kind, or a watermark lies over one.
        """
        paths = [path for named in options.others for path in _files(named)]
        others = [read_picture(path) for path in paths]
        for path, other in zip(paths, others, strict=True):
            if other.tensor().shape != inputs.picture.shape:
                raise PictureError(
                    f"the picture '{path}' has {_form(other.tensor())}, the first one "
                    f"{_form(inputs.picture)}",
                    "pictures that share a layer must have the same size and channels",
                )
        ranges = {_told(*inputs.range), *(_range(other) for other in others)}
        if len(ranges) > 1:
            raise PictureError(
                f"the samples of the pictures have several ranges: {', '.join(sorted(ranges))}",
                "pictures that share a layer need one: divide floats by their common maximum",
            )
        made = [] if inputs.guide is None else [inputs.guide]
        # A folder of others may hold PICTURE itself.
        found = [
            (path, other)
            for path, other in zip(paths, others, strict=True)
            if not torch.equal(other.tensor(), inputs.picture)
        ]
        pictures = torch.cat([inputs.picture, *made, *(other.tensor() for _, other in found)])
        if options.shared == "watermark":
            if len(pictures) == 1:
                raise PictureError(
                    "one picture alone does not tell its watermark",
                    "name a folder of pictures with the same mark, or others with task.others",
                )
            return WatermarkProblem(
                pictures,
                _named(len(pictures), found),
                truth=inputs.truth,
                levels=inputs.levels,
            )
        problem = SeparateProblem(
            pictures, options.exclusion, truth=inputs.truth, levels=inputs.levels
        )
        if len(pictures) == 1:
            problem.notes.append(
                "one mixture leaves open what belongs to which layer; give another with task.others"
            )
        return problem

    def corrupt(
        self, truth: Tensor, options: SeparateCorruption, generator: torch.Generator
    ) -> Damaged:
        """Mix the clean picture with another twice, or lay a mark over it and further ones.

        The other pictures are resized to its size.
        """
        if options.shared == "watermark":
            opacity, colour = drawn_mark(truth, options.opacity, generator)
            clean = torch.cat([truth, *(_like(truth, path) for path in options.album)])
            marked = opacity * colour + (1 - opacity) * clean
            return Damaged(marked[:1], truth, guide=marked[1:])
        other = _like(truth, options.other)
        first, second = (
            share * truth + (1 - share) * other for share in (options.share, options.second)
        )
        return Damaged(first, truth, guide=second)


def _named(count: int, others: list[tuple[str, Picture]]) -> list[tuple[str, Picture | None]]:
    """Return the output's name of each picture after the first, and the picture that has its form.

    Those that the damage made, which come first, have the form of the first picture.
    """
    made = count - 1 - len(others)
    forms: list[tuple[str, Picture | None]] = [(f"restored-{2 + i}", None) for i in range(made)]
    for i, (path, other) in enumerate(others, start=2 + made):
        forms.append((f"restored-{i}-{Path(path.removeprefix(SAMPLE)).stem}", other))
    return forms


def _range(picture: Picture) -> str:
    """Return the samples of floats that stand for 0 and 1; those of integers are 0 and 1."""
    if picture.colour.dtype.kind == "u":
        return _told(0.0, 1.0)
    return _told(picture.kind.low, picture.kind.peak)


def _told(low: float, peak: float) -> str:
    """Return a range in words, in which equal ones are equal whatever their rounding."""
    return f"{low:.6g} to {peak:.6g}"


def _files(named: str) -> list[str]:
    """Return a picture's path, or those of the pictures of a folder."""
    if named.startswith(SAMPLE) or not Path(named).is_dir():
        return [named]
    return [str(path) for path in pictures_in(Path(named))]


def _like(picture: Tensor, path: str) -> Tensor:
    """Return another picture in the size and channels of this one."""
    other = read_picture(path).tensor()
    channels, height, width = (int(n) for n in picture.shape[1:])
    if other.shape[1] != channels:
        other = other.mean(dim=1, keepdim=True).expand(-1, channels, -1, -1)
    return F.interpolate(other, (height, width), mode="bilinear", antialias=True)


def _form(picture: Tensor) -> str:
    channels, height, width = picture.shape[1:]
    return f"{width} x {height} pixels of {channels} channels"
