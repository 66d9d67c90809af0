"""Dehazing: I = J t + A (1 - t), the scene J is wanted (He et al. 2011, eq. 1)."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_core.errors import OptionError, PictureError
from nasdip_core.problem import Problem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_tasks.dehaze.options import DehazeCorruption, DehazeOptions
from nasdip_tasks.dehaze.problem import DehazeProblem


class Dehaze(Task[DehazeOptions, DehazeCorruption]):
    """Removes haze; scene, transmission and air-light are fitted together."""

    def problem(
        self, inputs: Inputs, options: DehazeOptions, generator: torch.Generator
    ) -> Problem:
        """Return the coupled fit.

        Raises OptionError for an air-light of other channels, PictureError for inks.
        """
        if inputs.inks:
            raise PictureError("its samples are inks, haze is light", "convert it to RGB")
        given = None
        if options.air_light is not None:
            channels, wanted = len(options.air_light), int(inputs.picture.shape[1])
            if channels != wanted:
                raise OptionError(
                    f"task.air_light has {channels} samples, the picture {wanted} channels"
                )
            given = torch.tensor(options.air_light).view(1, -1, 1, 1)
        return DehazeProblem(
            inputs.picture, options, truth=inputs.truth, levels=inputs.levels, given=given
        )

    def corrupt(
        self, truth: Tensor, options: DehazeCorruption, generator: torch.Generator
    ) -> Damaged:
        """Lay haze over the picture: t = near (far / near)^d, the depth d smooth, in [0, 1].

        The depth grows towards one side, more or less, and undulates. The haze is nearly neutral.
        """

        def drawn(low: float, high: float) -> float:
            return low + (high - low) * float(torch.rand((), generator=generator))

        near, far = options.near, options.far
        if near is None:
            near = drawn(*(max(far or 0, bound) for bound in (0.6, 0.95)))
        if far is None:
            far = drawn(*(min(near, bound) for bound in (0.15, 0.5)))
        light = drawn(0.7, 1.0) if options.air_light is None else options.air_light
        through = near * (far / near) ** _depth(truth, drawn, generator)
        tint = 0.03 * (torch.rand(1, int(truth.shape[1]), 1, 1, generator=generator) - 0.5)
        air = (light + tint).clamp(0, 1)
        return Damaged(truth * through + air * (1 - through), truth)


def _depth(truth: Tensor, drawn: Callable[[float, float], float], draws: torch.Generator) -> Tensor:
    """Return the depth (1, 1, H, W), from 0 to 1."""
    height, width = truth.shape[-2:]
    waves = torch.rand(1, 1, 4, 4, generator=draws)
    waves = F.interpolate(waves, (height, width), mode="bicubic", align_corners=True)
    angle = drawn(-0.7, 0.7) - math.pi / 2
    down = torch.linspace(-1, 1, height)[:, None]
    right = torch.linspace(-1, 1, width)[None, :]
    plane = math.cos(angle) * right + math.sin(angle) * down
    depth = drawn(0.5, 1.5) * waves + drawn(0.2, 0.6) * plane
    depth = depth - depth.min()
    return depth / depth.max().clamp(min=1e-6)
