"""Deblurring: y = k * x + n with a kernel that is known, or unknown."""

import torch
from torch import Tensor

from nasdip_core.errors import PictureError
from nasdip_core.problem import Problem
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_tasks.deblur import kernels
from nasdip_tasks.deblur.blind import BlindProblem
from nasdip_tasks.deblur.options import DeblurCorruption, DeblurOptions
from nasdip_tasks.denoise.estimate import noise_level
from nasdip_tasks.operators.blur import Blur, blurred


class Deblur(Task[DeblurOptions, DeblurCorruption]):
    """Sharpens a picture whose blur is the same everywhere.

    What lies around the picture has left its light in it: the network emits that margin, too, so
    that no assumption on the border is made; the result is cropped to the picture.
    """

    def problem(
        self, inputs: Inputs, options: DeblurOptions, generator: torch.Generator
    ) -> Problem:
        """Return the fit to the blurred picture. Raises PictureError for a bad kernel."""
        picture = inputs.picture
        level, notes = noise_level(picture, options.sigma, inputs.levels)
        problem: RestorationProblem
        if options.kernel == "unknown":
            problem = BlindProblem(
                picture,
                options.side,
                level,
                draws=generator,
                truth=inputs.truth,
                levels=inputs.levels,
            )
        else:
            kernel = kernels.make(options)
            margin = (kernel.shape[0] // 2, kernel.shape[1] // 2)
            height, width = (
                int(side) + 2 * more for side, more in zip(picture.shape[-2:], margin, strict=True)
            )
            problem = RestorationProblem(
                picture,
                size=(height, width),
                margin=margin,
                operator=Blur(kernel),
                deviation=lambda _: level,
                truth=inputs.truth,
                levels=inputs.levels,
            )
        problem.notes.extend(notes)
        return problem

    def corrupt(
        self, truth: Tensor, options: DeblurCorruption, generator: torch.Generator
    ) -> Damaged:
        """Blur, keep what no border has touched, add noise, clip to [0, 1]."""
        kernel = kernels.make(options)
        height, width = (
            int(side) - reach + 1
            for side, reach in zip(truth.shape[-2:], kernel.shape, strict=True)
        )
        if height < 1 or width < 1:
            raise PictureError(
                f"a picture of {truth.shape[-1]} x {truth.shape[-2]} is too small for a kernel of "
                f"{kernel.shape[1]} x {kernel.shape[0]}",
                "choose a smaller blur",
            )
        picture = blurred(truth, kernel)
        noise = torch.randn(picture.shape, generator=generator) * (options.sigma / 255)
        top, left = kernel.shape[0] // 2, kernel.shape[1] // 2
        middle = truth[..., top : top + height, left : left + width]
        return Damaged((picture + noise).clamp(0, 1), middle, corner=(top, left))
