"""Bring back wavelet planes: y = S x + n with the smooth part S of the starlet transform."""

import torch
from torch import Tensor

from nasdip_core.problem import Problem
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_wavelet.options import StarletCorruption, StarletOptions
from nasdip_wavelet.starlet import Starlet


class StarletTask(Task[StarletOptions, StarletCorruption]):
    """Finds the picture whose smooth part is the one at hand."""

    def problem(
        self, inputs: Inputs, options: StarletOptions, generator: torch.Generator
    ) -> Problem:
        """Return the fit of the smooth part of the network's picture to the picture."""
        return RestorationProblem(
            inputs.picture,
            operator=_smooth(inputs.picture, options.planes),
            truth=inputs.truth,
            levels=inputs.levels,
        )

    def corrupt(
        self, truth: Tensor, options: StarletCorruption, generator: torch.Generator
    ) -> Damaged:
        """Drop the finest planes, add noise, clip to [0, 1]."""
        smooth = _smooth(truth, options.planes).forward(truth)
        noise = torch.randn(truth.shape, generator=generator) * (options.noise / 255)
        return Damaged((smooth + noise).clamp(0, 1), truth)


def _smooth(picture: Tensor, planes: int) -> Starlet:
    return Starlet((int(picture.shape[-2]), int(picture.shape[-1])), planes)
