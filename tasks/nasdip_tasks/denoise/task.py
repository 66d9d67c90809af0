"""Denoising: y = x + n, fitted in units of the noise."""

from collections.abc import Sequence

import torch
from torch import Tensor

from nasdip_core.errors import PictureError
from nasdip_core.problem import Problem
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Damaged, Inputs, Task
from nasdip_tasks.denoise import estimate
from nasdip_tasks.denoise.options import DenoiseCorruption, DenoiseOptions
from nasdip_tasks.denoise.sparse import SparseProblem


class Denoise(Task[DenoiseOptions, DenoiseCorruption]):
    """Removes noise; impulses count as missing pixels, outliers are found by the fit."""

    def problem(
        self, inputs: Inputs, options: DenoiseOptions, generator: torch.Generator
    ) -> Problem:
        """Return the fit, its loss scaled by the noise that is known or estimated."""
        if options.noise == "salt-and-pepper":
            return self._impulsive(inputs)
        if options.noise == "outliers":
            sparse = SparseProblem(inputs.picture, truth=inputs.truth, levels=inputs.levels)
            sparse.notes.append("nothing tells which samples are off: the fit decides")
            return sparse
        picture = inputs.picture
        if options.noise == "gaussian":
            gain = 0.0
            sigma, notes = estimate.noise_level(picture, options.sigma, inputs.levels)
        else:
            gain, sigma, notes = self._brightness_dependent(inputs, options)
        variance, zero = sigma**2, inputs.zero

        def deviation(expected: Tensor) -> Tensor:
            return (gain * (expected - zero).clamp(min=0) + variance).sqrt()

        problem = RestorationProblem(
            picture, deviation=deviation, truth=inputs.truth, levels=inputs.levels
        )
        problem.notes.extend(notes)
        return problem

    def corrupt(
        self, truth: Tensor, options: DenoiseCorruption, generator: torch.Generator
    ) -> Damaged:
        """Add noise and clip to [0, 1]."""
        if options.noise == "salt-and-pepper":
            shape = truth[:, :1].shape
            hit = torch.rand(shape, generator=generator) < options.amount
            salt = torch.rand(shape, generator=generator) < 0.5
            return Damaged(torch.where(hit, salt.to(truth.dtype), truth), truth)
        if options.noise == "outliers":
            hit = torch.rand(truth.shape, generator=generator) < options.amount
            value = torch.rand(truth.shape, generator=generator)
            return Damaged(torch.where(hit, value, truth), truth)
        signal = truth
        if options.noise == "poisson-gaussian":
            gain = options.gain / 255
            signal = gain * torch.poisson(truth / gain, generator=generator)
        noise = torch.randn(truth.shape, generator=generator) * (options.sigma / 255)
        return Damaged((signal + noise).clamp(0, 1), truth)

    def _brightness_dependent(
        self, inputs: Inputs, options: DenoiseOptions
    ) -> tuple[float, float, Sequence[str]]:
        """Return gain and sigma of the variance in the range [0, 1], and what is to be told."""
        gain = None if options.gain is None else options.gain / 255
        sigma = None if options.sigma is None else options.sigma / 255
        notes = []
        if sigma is None or gain is None:
            found_gain, found_sigma = estimate.poisson_gaussian(inputs.picture, inputs.zero)
            gain = found_gain if gain is None else gain
            sigma = found_sigma if sigma is None else sigma
            notes.append(
                f"noise estimated at gain = {255 * gain:.2f}, sigma = {255 * sigma:.1f} of 255"
            )
        return gain, max(sigma, estimate.rounding(inputs.levels)), notes

    def _impulsive(self, inputs: Inputs) -> Problem:
        hit = estimate.impulses(inputs.picture)
        if bool(hit.all()):
            raise PictureError("every pixel is an impulse", "is this salt-and-pepper noise?")
        problem = RestorationProblem(
            inputs.picture, known=~hit, truth=inputs.truth, levels=inputs.levels, copy_known=True
        )
        share = float(hit.float().mean())
        problem.notes.append(f"{share:.1%} of the pixels are impulses and are filled in")
        return problem
