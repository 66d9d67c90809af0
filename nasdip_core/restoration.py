"""Restoration of one picture from partly missing, noisy measurements by a known operator."""

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_core.clipping import ClippedNoise
from nasdip_core.held_out import kept_back
from nasdip_core.imaging.metrics import psnr
from nasdip_core.operators import Identity, Operator
from nasdip_core.problem import Estimate, Player, Problem, Rendered, Slot, Step
from nasdip_core.tiles import Tile, Tiling

Deviation = Callable[[Tensor], Tensor | float]
"""Standard deviation of the noise as a function of the expected measurement."""
_AGREES = 1e-3
"""Difference to a measurement at which a picture agrees with it: a quarter of an 8-bit level."""


class RestorationProblem(Problem):
    """min_theta mean over known i of ((A f_theta(z) - y)_i / s_i)^2 (Ulyanov et al. 2018, eq. 2).

    `measured` y is (1, c, h, w), `known` (1, 1, h, w) bool, the picture x = f_theta(z) is
    (1, C, H, W); of a stack all have its T frames in place of the 1, or `known` holds for each.
    With the deviation s of the noise the loss is 1 at the noise level.
    """

    output = "restored"
    refinable: ClassVar[bool] = True
    """Whether classical estimators can make sense of the measurements as they are."""

    def __init__(
        self,
        measured: Tensor,
        *,
        size: tuple[int, int] | None = None,
        channels: int | None = None,
        margin: tuple[int, int] = (0, 0),
        known: Tensor | None = None,
        operator: Operator | None = None,
        deviation: Deviation | None = None,
        truth: Tensor | None = None,
        levels: int | None = 255,
        copy_known: bool = False,
        alpha: Tensor | None = None,
        closeness: float = 0.0,
    ) -> None:
        """`copy_known` puts known samples back unchanged; `levels` is the integer that means 1.

        Without a `deviation` the measurements count as free of noise. x reaches `margin` rows and
        columns beyond the result on each side.
        `closeness` puts such a share of x itself in the place of A(x): for an operator that leaves
        much open and measures pictures.
        """
        self.measured = measured
        self.size = size or (int(measured.shape[-2]), int(measured.shape[-1]))
        self.channels = channels or int(measured.shape[1])
        """Of the picture; its networks and its measurements may have others."""
        everything = torch.ones_like(measured[:, :1], dtype=torch.bool)
        self.known = everything if known is None else known.expand_as(everything)
        self.margin = margin
        self.closeness = closeness
        self.operator: Operator = operator or Identity()
        self.noisy = deviation is not None
        self.deviation: Deviation = deviation or (lambda _: 1.0)
        self.truth = truth
        self.levels = levels
        self.copy_known = copy_known
        self.alpha = alpha
        self.fitted = self.known
        self.kept_back: Tensor | None = None
        self.variance: Tensor | None = None
        """Of the noise, (1, C, h, w); None: told from the measurements."""
        super().__init__(
            slots={
                "picture": Slot(
                    channels=self.channels,
                    size=self.size,
                    frames=int(measured.shape[0]),
                )
            },
            players=[Player("picture", ("picture",), self._loss)],
        )

    @property
    def result_size(self) -> tuple[int, int]:
        """Height and width without the margin."""
        return (self.size[0] - 2 * self.margin[0], self.size[1] - 2 * self.margin[1])

    def framed(self, picture: Tensor) -> Tensor:
        """Return (1, C, H, W) without its margin."""
        (top, left), (height, width) = self.margin, self.result_size
        return picture[..., top : top + height, left : left + width]

    def predicted(self, estimate: Estimate) -> Tensor:
        """Return the measurements (1, c, h, w) that an estimate would give."""
        picture = estimate[self.output]
        measured = self.operator.forward(picture)
        return measured.lerp(picture, self.closeness) if self.closeness else measured

    def shaped(self, step: Step) -> Tensor:
        """Return what the network says."""
        return step["picture"]

    def _loss(self, step: Step) -> Tensor:
        return self._error(self.predicted({self.output: self.shaped(step)}), self.fitted)

    def _error(self, predicted: Tensor, where: Tensor) -> Tensor:
        """Return the mean squared residual in units of the noise over `where`."""
        residual = (predicted - self.measured) / self.deviation(predicted.detach())
        weights = where.to(residual.dtype)
        residual = self.operator.balanced(residual * weights)
        count = weights.sum().clamp(min=1) * residual.shape[1]
        return (residual.square() * weights).sum() / count

    def estimate(self, step: Step) -> Estimate:
        """Return the network's picture."""
        return {self.output: self.shaped(step).detach()}

    def hold_out(
        self, share: float, generator: torch.Generator, within: Tensor | None = None
    ) -> None:
        """Keep back whole pixels, at least one and never all, in the shape of what is missing.

        `within` (1, 1, h, w) bool: where they may lie, if there is anything to be kept back.
        """
        told = self.known
        if self.operator.indispensable is not None:
            # It has the shape of a hole, too: a few pieces of what is left cost a fit less than
            # as many single measurements from everywhere.
            told = told & ~self.operator.indispensable
        free = told
        if within is not None and int((free & within).sum()) > 1:
            free = free & within
        places = int(free.sum())
        if places < 2:
            # A single pixel cannot be spared: it is fitted and judged by.
            self.kept_back = self.known
            return
        count = min(max(1, round(share * places)), places - 1)
        self.kept_back = kept_back(told, count, generator, free=free)
        self.fitted = self.known & ~self.kept_back

    @property
    def keeps_back(self) -> bool:
        """Whether pixels are kept back."""
        return self.kept_back is not None

    def clipped_noise(self) -> ClippedNoise:
        """Return the noise as the range cuts it off, told by the fitted measurements."""
        fitted = self.measured[self.fitted.expand_as(self.measured)]
        return ClippedNoise(fitted, self.deviation)

    def local_mean(self) -> Tensor:
        """Return about E[y] (1, C, h, w): the mean of what is fitted within three pixels."""
        weights = self.fitted.to(self.measured.dtype)
        measured = torch.where(self.fitted, self.measured, 0)
        near = [F.avg_pool2d(each, 7, 1, 3) for each in (measured, weights)]
        return near[0] / near[1].clamp(min=1e-6)

    def noise_loss(self) -> float | None:
        """Return the loss that noise alone leaves: mean Var[y] / s^2 over what is fitted.

        1 but for the noise that the range of a picture cuts off. None without noise.
        """
        if not self.noisy:
            return None
        mean, variance = self.local_mean(), self.variance
        if variance is None:
            if float(self.measured.min()) < 0 or float(self.measured.max()) > 1:
                return 1.0
            variance = self.clipped_noise().variance(mean)
        share = variance.to(mean) / torch.as_tensor(self.deviation(mean)) ** 2
        return float(share[self.fitted.expand_as(share)].mean())

    def give_back(self) -> None:
        """End keeping back: all that is known may be used."""
        self.kept_back, self.fitted = None, self.known

    def misfit(self, estimate: Estimate) -> float:
        """Return the mean squared residual over what is fitted, in units of the noise."""
        return float(self._error(self.predicted(estimate), self.fitted))

    def validation(self, estimate: Estimate) -> float | None:
        """Return the error on the pixels kept back, 1 at the noise level."""
        if self.kept_back is None:
            return None
        # Far fewer places than the picture has: the others are left out.
        predicted, measured = (
            each.movedim(1, -1)[self.kept_back[:, 0]]
            for each in (self.predicted(estimate), self.measured)
        )
        return float(((predicted - measured) / self.deviation(predicted)).square().mean())

    def noise_level(self) -> float:
        """Return the standard deviation of the noise at mid grey, 0 without noise, range [0, 1]."""
        return float(self.deviation(torch.tensor(0.5))) if self.noisy else 0.0

    def measures(self, estimate: Estimate) -> dict[str, float]:
        """Return the PSNR in dB of the picture as it would be written."""
        if self.truth is None:
            return {}
        return {"psnr": psnr(self.written(estimate), self.truth)}

    def written(self, estimate: Estimate) -> Tensor:
        """Return the samples (1, C, H, W) as they would be written: known ones copied, rounded."""
        rendered = self.render(estimate)[self.output]
        samples = rendered.samples
        if self.levels is not None:
            samples = (samples * self.levels).round() / self.levels
        if rendered.known is None:
            return samples
        return torch.where(rendered.known, self.measured, samples)

    def render(self, estimate: Estimate) -> dict[str, Rendered]:
        """Return the picture: in [0, 1], agreeing with exact measurements, known ones marked."""
        known = self.known if self.copy_known else None
        picture = self.framed(self._consistent(estimate[self.output]))
        return {self.output: Rendered(picture, known, self.alpha)}

    def _consistent(self, picture: Tensor) -> Tensor:
        """Return the nearest picture in [0, 1] that agrees with the known measurements to 1e-3.

        x = clamp(P(x_0, t)), t <- t + y - A x: ascent on the dual problem, accelerated (Beck,
        Teboulle, "A fast iterative shrinkage-thresholding algorithm", 2009). 100 rounds at most:
        there may be no such picture.
        """
        if self.noisy or isinstance(self.operator, Identity):
            return picture.clamp(0, 1)
        measured = torch.where(self.known, self.measured, self.operator.forward(picture))
        target = raised = measured
        nearest = picture
        for i in range(100):
            before, nearest = nearest, self.operator.project(picture, target).clamp(0, 1)
            missed = measured - self.operator.forward(nearest)
            if bool((missed.abs() < _AGREES).all()) or torch.equal(nearest, before):
                break
            lower, raised = raised, target + missed
            target = raised + i / (i + 3) * (raised - lower)
        return nearest

    def tiling(self, side: int) -> Tiling:
        """Return the tiles of about this side that cover the picture.

        Raises OptionError where the margin leaves too little of them.
        """
        return Tiling(self.size, side, grid=self.operator.grid, margin=max(self.margin))

    def tile(self, part: Tile) -> "RestorationProblem":
        """Return the same problem for a part of the picture.

        Raises OptionError where the operator cannot be applied to a part.
        """
        factor = self.operator.factor
        rows, columns = self.margin
        # Measurements and truth lie within the margin.
        inner = replace(part, height=part.height - 2 * rows, width=part.width - 2 * columns)
        problem = RestorationProblem(
            inner.cut(self.measured, factor),
            size=(part.height, part.width),
            channels=self.channels,
            margin=self.margin,
            known=inner.cut(self.known, factor),
            operator=self.operator.tile((part.height, part.width)),
            deviation=self.deviation if self.noisy else None,
            truth=None if self.truth is None else inner.cut(self.truth),
            levels=self.levels,
            copy_known=self.copy_known,
            closeness=self.closeness,
        )
        problem.fitted = inner.cut(self.fitted, factor)
        if self.kept_back is not None:
            problem.kept_back = inner.cut(self.kept_back, factor)
        if self.variance is not None:
            problem.variance = inner.cut(self.variance, factor)
        return problem

    def frames(self) -> list["RestorationProblem"]:
        """Return the same problem for each frame of a stack."""
        parts = []
        for i in range(len(self.measured)):
            part = copy(self)
            for name in ("measured", "known", "fitted", "kept_back", "truth", "variance"):
                value = getattr(self, name)
                setattr(part, name, None if value is None else value[i : i + 1])
            parts.append(part)
        return parts

    def to(self, device: torch.device) -> None:
        """Move the measurements to a device."""
        self.measured = self.measured.to(device)
        self.known = self.known.to(device)
        self.fitted = self.fitted.to(device)
        self.kept_back = None if self.kept_back is None else self.kept_back.to(device)
        self.truth = None if self.truth is None else self.truth.to(device)
        self.operator = self.operator.to(device)
