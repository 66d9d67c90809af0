"""Deblurring: y = G x + n with a Gaussian blur G of known width."""

import torch
from torch import Tensor

from nasdip_core.problem import Problem
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_example.gaussian_blur import GaussianBlur
from nasdip_example.options import DeblurCorruption, DeblurOptions


class Deblur(Task[DeblurOptions, DeblurCorruption]):
    """Finds the picture that, blurred, gives the one at hand."""

    def problem(
        self, inputs: Inputs, options: DeblurOptions, generator: torch.Generator
    ) -> Problem:
        """Return the fit of the blurred network's picture to the blurred picture."""
        return RestorationProblem(
            inputs.picture,
            operator=_blur(inputs.picture, options.blur),
            truth=inputs.truth,
            levels=inputs.levels,
        )

    def corrupt(
        self, truth: Tensor, options: DeblurCorruption, generator: torch.Generator
    ) -> Damaged:
        """Blur, add noise, clip to [0, 1]."""
        blurred = _blur(truth, options.blur).forward(truth)
        noise = torch.randn(truth.shape, generator=generator) * (options.noise / 255)
        return Damaged((blurred + noise).clamp(0, 1), truth)


def _blur(picture: Tensor, sigma: float) -> GaussianBlur:
    return GaussianBlur((int(picture.shape[-2]), int(picture.shape[-1])), sigma)
