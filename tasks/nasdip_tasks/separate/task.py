"""Separation of two pictures that lie over one another (Double-DIP, section 5)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_core.errors import PictureError
from nasdip_core.imaging.read import read_picture
from nasdip_core.problem import Problem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_tasks.separate.options import SeparateCorruption, SeparateOptions
from nasdip_tasks.separate.problem import SeparateProblem


class Separate(Task[SeparateOptions, SeparateCorruption]):
    """Takes two layers apart: the one that the first mixture shows more of is the result."""

    def problem(
        self, inputs: Inputs, options: SeparateOptions, generator: torch.Generator
    ) -> Problem:
        """Return the coupled fit. Raises PictureError where mixtures differ in size or kind."""
        mixtures = [inputs.picture]
        if inputs.guide is not None:
            mixtures.append(inputs.guide)
        for path in options.others:
            mixture = read_picture(path).tensor()
            if mixture.shape != inputs.picture.shape:
                raise PictureError(
                    f"the mixture '{path}' has {_form(mixture)}, the picture "
                    f"{_form(inputs.picture)}",
                    "mixtures must have the same size and channels",
                )
            mixtures.append(mixture)
        problem = SeparateProblem(
            torch.cat(mixtures), options.exclusion, truth=inputs.truth, levels=inputs.levels
        )
        if len(mixtures) == 1:
            problem.notes.append(
                "one mixture leaves open what belongs to which layer; give another with task.others"
            )
        return problem

    def corrupt(
        self, truth: Tensor, options: SeparateCorruption, generator: torch.Generator
    ) -> Damaged:
        """Mix the clean picture with another, which is cropped and resized to it, twice."""
        other = read_picture(options.other).tensor()
        channels, height, width = (int(n) for n in truth.shape[1:])
        if other.shape[1] != channels:
            other = other.mean(dim=1, keepdim=True).expand(-1, channels, -1, -1)
        other = F.interpolate(other, (height, width), mode="bilinear", antialias=True)
        first, second = (
            share * truth + (1 - share) * other for share in (options.share, options.second)
        )
        return Damaged(first, truth, guide=second)


def _form(picture: Tensor) -> str:
    channels, height, width = picture.shape[1:]
    return f"{width} x {height} pixels of {channels} channels"
