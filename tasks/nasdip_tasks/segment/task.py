"""Segmentation into foreground and background (Double-DIP, section 4)."""

import math

import torch
from torch import Tensor

from nasdip_core.errors import OptionError
from nasdip_core.problem import Problem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_tasks.segment.options import SegmentCorruption, SegmentOptions
from nasdip_tasks.segment.problem import SegmentProblem


class Segment(Task[SegmentOptions, SegmentCorruption]):
    """Tells what stands in front, and what may lie behind it."""

    def problem(
        self, inputs: Inputs, options: SegmentOptions, generator: torch.Generator
    ) -> Problem:
        """Return the coupled fit. Raises OptionError where hints are weighed that are not there."""
        if inputs.mask is None and options.hints != SegmentOptions().hints:
            raise OptionError(
                f"option 'task.hints' = {options.hints}: it does nothing without a mask",
                "give the hints with --mask",
            )
        return SegmentProblem(
            inputs.picture, inputs.mask, options.hints, truth=inputs.truth, levels=inputs.levels
        )

    def corrupt(
        self, truth: Tensor, options: SegmentCorruption, generator: torch.Generator
    ) -> Damaged:
        """Put a wavy blob of stripes in two random colours somewhere about the middle."""
        channels, height, width = (int(n) for n in truth.shape[1:])
        draws = torch.rand(2 * channels + 5, generator=generator)
        colours, rest = draws[: 2 * channels].view(2, channels, 1, 1), draws[2 * channels :]
        y = torch.arange(height)[:, None] - height * (0.4 + 0.2 * rest[0])
        x = torch.arange(width)[None, :] - width * (0.4 + 0.2 * rest[1])
        wave = 1 + 0.2 * torch.sin(3 * torch.atan2(y, x) + 2 * math.pi * rest[2])
        inside = torch.hypot(y, x) < wave * options.size * min(height, width) / 2
        turn = math.pi * rest[3]
        stripe = 0.5 + 0.5 * torch.sin((x * turn.cos() + y * turn.sin()) * (0.3 + 0.5 * rest[4]))
        stripes = colours[0] * stripe + colours[1] * (1 - stripe)
        return Damaged(torch.where(inside, stripes[None], truth), truth)
