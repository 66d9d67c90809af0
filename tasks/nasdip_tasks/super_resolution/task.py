"""Super-resolution: y = D x with an antialiased D (Ulyanov et al. 2018, eq. 4)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_core.errors import OptionError, PictureError, PluginError
from nasdip_core.operators import LinearOperator
from nasdip_core.problem import Problem
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_tasks.super_resolution.options import (
    SuperResolutionCorruption,
    SuperResolutionOptions,
)


class SuperResolution(Task[SuperResolutionOptions, SuperResolutionCorruption]):
    """Enlarges by an integer factor; made small again, the result gives the input."""

    def problem(
        self, inputs: Inputs, options: SuperResolutionOptions, generator: torch.Generator
    ) -> Problem:
        """Return the fit of the large picture to the small one."""
        height, width = inputs.picture.shape[-2:]
        size = (height * options.factor, width * options.factor)
        alpha = inputs.alpha
        if alpha is not None:
            alpha = F.interpolate(alpha, size=size, mode="bicubic").clamp(0, 1)
        return RestorationProblem(
            inputs.picture,
            size=size,
            operator=self._operator(options.operator, size, options.factor),
            truth=inputs.truth,
            levels=inputs.levels,
            alpha=alpha,
        )

    def corrupt(
        self, truth: Tensor, options: SuperResolutionCorruption, generator: torch.Generator
    ) -> Damaged:
        """Make the picture small, its right and lower border cropped to whole small pixels."""
        factor = options.factor
        height, width = (int(side) // factor * factor for side in truth.shape[-2:])
        if not height or not width:
            shown = f"{truth.shape[-1]} x {truth.shape[-2]}"
            raise PictureError(
                f"a picture of {shown} is too small for factor {factor}",
                "choose a smaller corrupt.factor",
            )
        truth = truth[..., :height, :width]
        operator = self._operator(options.operator, (height, width), factor)
        return Damaged(operator.forward(truth).clamp(0, 1), truth)

    def _operator(self, name: str, size: tuple[int, int], factor: int) -> LinearOperator:
        registration = self.plugins.find("operator", name)
        registration.resolve()  # one that is broken is told as such
        try:
            operator: LinearOperator = registration.create(size, factor)
        except PluginError as error:
            raise OptionError(
                f"operator '{name}' is no downsampling by a factor",
                "take lanczos, bicubic or area",
            ) from error
        return operator
