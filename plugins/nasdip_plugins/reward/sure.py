"""Quality by the risk that the known noise leaves, without a truth and without a second fit."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from nasdip_core.errors import OptionError
from nasdip_core.operators import Identity
from nasdip_core.problem import Estimate, Problem
from nasdip_core.restoration import Deviation, RestorationProblem
from nasdip_core.reward import Reward, Trained

if TYPE_CHECKING:
    from nasdip_core.plugins import Plugins

_HINT = "choose another reward, such as 'held-out'"


@dataclass(frozen=True, slots=True)
class CoupledNoise:
    """Deviation of the noise in y+ = y + alpha s eta, together with what was added to y."""

    deviation: Deviation
    """Of y."""
    alpha: float
    drawn: Tensor
    """s eta, (1, C, h, w)."""
    variance: Tensor
    """s^2, (1, C, h, w)."""

    def __call__(self, expected: Tensor) -> Tensor | float:
        """Return sqrt(1 + alpha^2) times the deviation of y."""
        return math.hypot(1, self.alpha) * self.deviation(expected)


class Sure(Reward):
    r"""Unbiased estimate R of the mean squared error of a fit to $y_+ = y + \alpha s \eta$, in dB.

    $R = \overline{(x - y)^2 + 2 (x - y) s \eta / \alpha - s^2}$: the estimate x is judged by
    $y_- = y - s \eta / \alpha$, whose noise is independent of that of $y_+$: $s^2 - \alpha s^2 /
    \alpha = 0$. Source: the coupled bootstrap (Oliveira, Lei, Tibshirani, "Unbiased risk estimation
    in the normal means problem", 2022); its limit for $\alpha \to 0$ is Stein's estimate (1981).
    $\alpha = 0.5$ as in Recorrupted-to-Recorrupted (Pang et al., CVPR 2021).

    Where the range cuts the noise off, s^2 is the variance that is left of it. There the error is
    that to the mean of y, and R is unbiased for estimates that are linear in y.
    """

    changes = True

    def __init__(self, plugins: "Plugins", *, alpha: float) -> None:
        super().__init__(plugins)
        self._alpha = alpha

    def prepare(self, problem: Problem, draws: torch.Generator) -> None:
        """Add noise to the measurements and to what is said of them.

        Raises OptionError where the picture is not what is measured, or there is no noise.
        """
        # Of several networks, as of a picture and its blur, the picture alone says nothing.
        if (
            not isinstance(problem, RestorationProblem)
            or not isinstance(problem.operator, Identity)
            or len(problem.slots) > 1
        ):
            raise OptionError("reward 'sure' needs a task that measures the picture itself", _HINT)
        if not problem.noisy:
            raise OptionError("reward 'sure' needs a task that knows the level of the noise", _HINT)
        variance = problem.clipped_noise().variance(problem.local_mean())
        eta = torch.randn(problem.measured.shape, generator=draws).to(problem.measured)
        drawn = torch.where(problem.known, variance.sqrt() * eta, 0)
        # Not clipped to the range: that would be another noise than the one that R is made for.
        problem.measured = problem.measured + self._alpha * drawn
        problem.deviation = CoupledNoise(problem.deviation, self._alpha, drawn, variance)
        problem.variance = (1 + self._alpha**2) * variance

    def score(self, trained: Trained) -> float:
        """Return -10 log10(R), where R is small continued by its tangent.

        R may be negative by chance. Below the standard error of the part of it that all candidates
        share, the tangent keeps their order.
        """
        terms, error = self._terms(trained.problem, trained.result.chosen)
        risk = float(terms.mean())
        if risk < error:
            return -10 * math.log10(error) + 10 / math.log(10) * (1 - risk / error)
        return -10 * math.log10(risk)

    def risk(self, problem: Problem, estimate: Estimate) -> float:
        """Return R of an estimate as it would be written."""
        return float(self._terms(problem, estimate)[0].mean())

    def _terms(self, problem: Problem, estimate: Estimate) -> tuple[Tensor, float]:
        """Return R at every known sample, and the standard error of what all candidates share.

        That is the deviation of mean(s^2 (n^2 - 1 - 2 n eta / alpha)), the part without x.
        """
        assert isinstance(problem, RestorationProblem)
        assert isinstance(problem.deviation, CoupledNoise)
        alpha, known = self._alpha, problem.known.expand_as(problem.measured)
        drawn, variance = (
            each.to(problem.measured)[known].double()
            for each in (problem.deviation.drawn, problem.deviation.variance)
        )
        measured = problem.measured[known].double() - alpha * drawn
        off = problem.written(estimate)[known].double() - measured
        spread = (2 + 4 / alpha**2) * float(variance.square().mean())
        error = math.sqrt(spread / max(1, variance.numel()))
        return off.square() + 2 / alpha * off * drawn - variance, error
