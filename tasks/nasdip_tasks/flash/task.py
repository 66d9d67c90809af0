"""Flash and no-flash: the light of one picture, the detail of the other."""

import torch
from torch import Tensor

from nasdip_core.errors import PictureError
from nasdip_core.imaging.read import read_picture
from nasdip_core.problem import Problem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_tasks.denoise.estimate import noise_level
from nasdip_tasks.flash.options import FlashCorruption, FlashOptions
from nasdip_tasks.flash.problem import FlashProblem


class Flash(Task[FlashOptions, FlashCorruption]):
    """Fits the noisy picture without flash by the light that falls on the one with flash.

    After Ulyanov, Vedaldi, Lempitsky, "Deep image prior", CVPR 2018, section 3.5, whose network
    emits the picture itself.
    """

    def problem(self, inputs: Inputs, options: FlashOptions, generator: torch.Generator) -> Problem:
        """Return the fit. Raises PictureError where there is no flash picture of that size."""
        picture, guide = inputs.picture, inputs.guide
        if options.flash is not None:
            guide = read_picture(options.flash).tensor()
        if guide is None:
            raise PictureError("no picture with flash is given", "say -S task.flash=PICTURE")
        channels = (int(guide.shape[1]), int(picture.shape[1]))
        if channels[0] not in (1, channels[1]):
            raise PictureError(
                f"the picture with flash has {channels[0]} channels, the one without {channels[1]}",
                "they must be of one kind",
            )
        if guide.shape[-2:] != picture.shape[-2:]:
            raise PictureError(
                f"the picture with flash is {guide.shape[-1]} x {guide.shape[-2]}, the one without "
                f"{picture.shape[-1]} x {picture.shape[-2]}",
                "they must have the same size",
            )
        level, notes = noise_level(picture, options.sigma, inputs.levels)
        problem = FlashProblem(
            picture, guide, lambda _: level, truth=inputs.truth, levels=inputs.levels
        )
        problem.notes.extend(notes)
        return problem

    def corrupt(
        self, truth: Tensor, options: FlashCorruption, generator: torch.Generator
    ) -> Damaged:
        """Add noise and clip; the flash picture is colder, brighter in the middle, harder."""
        noise = torch.randn(truth.shape, generator=generator) * (options.sigma / 255)
        return Damaged((truth + noise).clamp(0, 1), truth, guide=flashed(truth))


def flashed(picture: Tensor) -> Tensor:
    """Return (1, C, H, W) as a flash at the camera would light it, in [0, 1].

    x^1.2 with a fall-off of one half from the middle to the corners, blue raised against red.
    """
    height, width = (int(side) for side in picture.shape[-2:])
    down, across = (torch.linspace(-1, 1, side).square() for side in (height, width))
    light = 1.2 / (1 + 0.5 * (down[:, None] + across[None, :]))
    tint = torch.linspace(0.85, 1.1, int(picture.shape[1]))[:, None, None]
    return (picture.pow(1.2) * light * tint).clamp(0, 1)
