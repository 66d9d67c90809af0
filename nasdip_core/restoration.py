"""Restoration of one picture from linear, partly missing, noisy measurements."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_core.clipping import ClippedNoise
from nasdip_core.held_out import kept_back
from nasdip_core.imaging.metrics import psnr
from nasdip_core.operators import Identity, LinearOperator
from nasdip_core.problem import Estimate, Player, Problem, Rendered, Slot, Step
from nasdip_core.tiles import Tile

Deviation = Callable[[Tensor], Tensor | float]
"""Standard deviation of the noise as a function of the expected measurement."""
_AGREES = 1e-3
"""Difference to a measurement at which a picture agrees with it: a quarter of an 8-bit level."""


class RestorationProblem(Problem):
    """min_theta mean over known i of ((A f_theta(z) - y)_i / s_i)^2 (Ulyanov et al. 2018, eq. 2).

    `measured` y is (1, C, h, w) in [0, 1], `known` (1, 1, h, w) bool, the picture x = f_theta(z)
    is (1, C, H, W). With the deviation s of the noise the loss is 1 at the noise level.
    """

    output = "restored"

    def __init__(
        self,
        measured: Tensor,
        *,
        size: tuple[int, int] | None = None,
        known: Tensor | None = None,
        operator: LinearOperator | None = None,
        deviation: Deviation | None = None,
        truth: Tensor | None = None,
        levels: int | None = 255,
        copy_known: bool = False,
        alpha: Tensor | None = None,
    ) -> None:
        """`copy_known` puts known samples back unchanged; `levels` is the integer that means 1.

        Without a `deviation` the measurements count as free of noise.
        """
        self.measured = measured
        self.size = size or (int(measured.shape[-2]), int(measured.shape[-1]))
        self.known = torch.ones_like(measured[:, :1], dtype=torch.bool) if known is None else known
        self.operator = operator or Identity()
        self.noisy = deviation is not None
        self.deviation: Deviation = deviation or (lambda _: 1.0)
        self.truth = truth
        self.levels = levels
        self.copy_known = copy_known
        self.alpha = alpha
        self.fitted = self.known
        self.kept_back: Tensor | None = None
        super().__init__(
            slots={"picture": Slot(channels=int(measured.shape[1]), size=self.size)},
            players=[Player("picture", ("picture",), self._loss)],
        )

    def _loss(self, step: Step) -> Tensor:
        return self._error(step["picture"], self.fitted)

    def _error(self, picture: Tensor, where: Tensor) -> Tensor:
        """Return the mean squared residual in units of the noise over `where`."""
        predicted = self.operator.forward(picture)
        residual = (predicted - self.measured) / self.deviation(predicted.detach())
        weights = where.to(residual.dtype)
        count = weights.sum().clamp(min=1) * residual.shape[1]
        return (residual.square() * weights).sum() / count

    def estimate(self, step: Step) -> Estimate:
        """Return the network's picture."""
        return {self.output: step["picture"].detach()}

    def hold_out(self, share: float, generator: torch.Generator) -> None:
        """Keep back whole pixels, at least one and never all, in the shape of what is missing."""
        places = int(self.known.sum())
        if places < 2:
            # A single pixel cannot be spared: it is fitted and judged by.
            self.kept_back = self.known
            return
        count = min(max(1, round(share * places)), places - 1)
        self.kept_back = kept_back(self.known, count, generator)
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

        1 but for the noise that the range cuts off. None without noise, or where the picture is not
        what is measured.
        """
        if not self.noisy or not isinstance(self.operator, Identity):
            return None
        mean = self.local_mean()
        share = self.clipped_noise().variance(mean) / torch.as_tensor(self.deviation(mean)) ** 2
        return float(share[self.fitted.expand_as(share)].mean())

    def give_back(self) -> None:
        """End keeping back: all that is known may be used."""
        self.kept_back, self.fitted = None, self.known

    def validation(self, estimate: Estimate) -> float | None:
        """Return the error on the pixels kept back, 1 at the noise level."""
        if self.kept_back is None:
            return None
        # Far fewer places than the picture has: the others are left out.
        predicted = self.operator.forward(estimate[self.output])
        places = self.kept_back.flatten().nonzero().flatten()
        predicted, measured = (
            each.flatten(2).index_select(2, places) for each in (predicted, self.measured)
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
        """Return the picture: in [0, 1], consistent with the measurements, known samples marked."""
        known = self.known if self.copy_known else None
        return {self.output: Rendered(self._consistent(estimate[self.output]), known, self.alpha)}

    def _consistent(self, picture: Tensor) -> Tensor:
        """Return the nearest picture in [0, 1] that agrees with the known measurements to 1e-3.

        x = clamp(P(x_0, t)), t <- t + y - A x: ascent on the dual problem, accelerated (Beck,
        Teboulle, "A fast iterative shrinkage-thresholding algorithm", 2009). 100 rounds at most:
        there may be no such picture.
        """
        if isinstance(self.operator, Identity):
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

    def tile(self, part: Tile) -> "RestorationProblem":
        """Return the same problem for a part of the picture.

        Raises OptionError where the operator cannot be applied to a part.
        """
        factor = self.operator.factor
        problem = RestorationProblem(
            part.cut(self.measured, factor),
            size=(part.height, part.width),
            known=part.cut(self.known, factor),
            operator=self.operator.tile((part.height, part.width)),
            deviation=self.deviation if self.noisy else None,
            truth=None if self.truth is None else part.cut(self.truth),
            levels=self.levels,
            copy_known=self.copy_known,
        )
        problem.fitted = part.cut(self.fitted, factor)
        if self.kept_back is not None:
            problem.kept_back = part.cut(self.kept_back, factor)
        return problem

    def to(self, device: torch.device) -> None:
        """Move the measurements to a device."""
        self.measured = self.measured.to(device)
        self.known = self.known.to(device)
        self.fitted = self.fitted.to(device)
        self.kept_back = None if self.kept_back is None else self.kept_back.to(device)
        self.truth = None if self.truth is None else self.truth.to(device)
        self.operator = self.operator.to(device)
