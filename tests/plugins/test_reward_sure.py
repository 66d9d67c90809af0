"""SURE by the coupled bootstrap: unbiased, whatever the estimator, and precise between two."""

import math
from collections.abc import Callable
from statistics import fmean, stdev
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_core.architecture.cost import Cost
from nasdip_core.errors import OptionError
from nasdip_core.fit.result import FitResult
from nasdip_core.operators import LinearOperator
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import Deviation, RestorationProblem
from nasdip_core.reward import Trained
from nasdip_plugins.reward.sure import Sure
from nasdip_tasks.deblur.blind import BlindProblem

Estimator = Callable[[Tensor], Tensor]
SIGMA = 0.1
PLUGINS = Plugins.discover()


def draws(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def waves(low: float = 0.35, high: float = 0.65, side: int = 16) -> Tensor:
    """Return waves, (1, 1, H, W); the tails of the noise stay in the range by default."""
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return (low + (high - low) * (0.5 + 0.5 * torch.sin(0.5 * x + 0.3 * y)))[None, None]


def blurred(y: Tensor) -> Tensor:
    padded = F.pad(y, (1, 1, 1, 1), mode="reflect")
    return F.avg_pool2d(padded, 3, 1)


def thresholded(y: Tensor) -> Tensor:
    """Keep what stands out of the blur: neither linear nor continuous."""
    smooth = blurred(y)
    return torch.where((y - smooth).abs() > 0.15, y, smooth)


def identical(y: Tensor) -> Tensor:
    return y


def flat(y: Tensor) -> Tensor:
    return torch.full_like(y, 0.35)


def noisy(truth: Tensor, seed: int, deviation: Tensor | float = SIGMA) -> Tensor:
    return truth + deviation * torch.randn(truth.shape, generator=draws(seed))


def problem_of(
    measured: Tensor, deviation: Deviation = lambda _: SIGMA, **options: Any
) -> RestorationProblem:
    return RestorationProblem(measured, deviation=deviation, levels=None, **options)


def bias(
    estimator: Estimator,
    target: Tensor,
    measure: Callable[[int], RestorationProblem],
    alpha: float = 0.5,
    repeats: int = 600,
) -> tuple[float, float]:
    """Return the mean of the estimated risk less the true one, and its standard error."""
    reward, found = Sure(PLUGINS, alpha=alpha), []
    for seed in range(repeats):
        problem = measure(seed)
        reward.prepare(problem, draws(10_000 + seed))
        picture = estimator(problem.measured)
        written = problem.written({"restored": picture})
        where = problem.known.expand_as(written)
        risk = (written - target)[where].square().mean().item()
        found.append(reward.risk(problem, {"restored": picture}) - risk)
    return fmean(found), stdev(found) / math.sqrt(repeats)


@pytest.mark.parametrize("alpha", [0.25, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("estimator", [blurred, thresholded, identical, flat])
def test_the_risk_is_unbiased(estimator: Estimator, alpha: float) -> None:
    truth = waves()
    mean, error = bias(
        estimator, truth, lambda seed: problem_of(noisy(truth, seed)), alpha, repeats=300
    )
    assert abs(mean) < 4 * error
    assert error < 0.08 * SIGMA**2


def test_the_risk_is_that_of_the_known_pixels() -> None:
    truth = waves()
    known = torch.rand(truth.shape, generator=draws(5)) < 0.6

    def measure(seed: int) -> RestorationProblem:
        # What is missing may be anything.
        return problem_of(torch.where(known, noisy(truth, seed), math.nan), known=known)

    def filled(y: Tensor) -> Tensor:
        return blurred(torch.where(known, y, 0.5))

    mean, error = bias(filled, truth, measure)
    assert abs(mean) < 4 * error
    assert error < 0.03 * SIGMA**2


def test_noise_that_follows_the_signal() -> None:
    truth = waves()

    def deviation(expected: Tensor) -> Tensor:
        return (0.02 * expected.clamp(min=0)).sqrt()

    mean, error = bias(
        blurred, truth, lambda seed: problem_of(noisy(truth, seed, deviation(truth)), deviation)
    )
    assert abs(mean) < 4 * error
    assert error < 0.03 * SIGMA**2


def test_noise_that_the_range_cuts_off() -> None:
    """The target is the mean of the measurements, and s^2 what is left of the variance."""
    y, x = torch.meshgrid(torch.arange(48), torch.arange(48), indexing="ij")
    truth = (0.2 + 0.3 * torch.sin(0.1 * x + 0.05 * y)).clamp(min=0)[None, None]
    below = torch.special.ndtr(-truth / SIGMA)
    density = (-((truth / SIGMA) ** 2) / 2).exp() / math.sqrt(2 * math.pi)
    target = truth * (1 - below) + SIGMA * density
    square = (truth**2 + SIGMA**2) * (1 - below) + truth * SIGMA * density
    cut = SIGMA**2 - (square - target**2).mean().item()
    assert cut > 0.25 * SIGMA**2
    mean, error = bias(
        blurred, target, lambda seed: problem_of(noisy(truth, seed).clamp(0, 1)), repeats=200
    )
    # With the whole s^2 it would be 0.8 of what is cut; neighbours tell its variance nearly.
    assert abs(mean) < 4 * error + 0.06 * cut


def score(problem: RestorationProblem, picture: Tensor, reward: Sure) -> float:
    found = {"restored": picture}
    result = FitResult("fit", found, found, None, 1, 1, None, "fixed", "the end", 1.0, 0.0)
    return reward.score(Trained(problem, result, Cost(1, 1, 1)))


def test_differences_are_more_precise_than_values() -> None:
    """The same draws for every candidate: what they share cancels."""
    truth, reward = waves(side=64), Sure(PLUGINS, alpha=0.5)
    values, differences, right = [], [], 0
    for seed in range(60):
        problem = problem_of(noisy(truth, seed))
        reward.prepare(problem, draws(10_000 + seed))
        better = blurred(blurred(problem.measured))
        worse = blurred(problem.measured)
        risks = [reward.risk(problem, {"restored": each}) for each in (better, worse)]
        truly = [(each - truth).square().mean().item() for each in (better, worse)]
        values.append(risks[0] - truly[0])
        differences.append(risks[0] - risks[1] - (truly[0] - truly[1]))
        assert truly[0] < truly[1]
        right += score(problem, better, reward) > score(problem, worse, reward)
    assert stdev(differences) < 0.3 * stdev(values)
    assert right >= 58


def test_the_ranking_is_that_of_the_truth() -> None:
    truth, reward = waves(side=48), Sure(PLUGINS, alpha=0.5)
    problem = problem_of(noisy(truth, 1))
    reward.prepare(problem, draws(2))
    once = blurred(problem.measured)
    pictures = [problem.measured, flat(once), once, blurred(once), blurred(blurred(once))]
    risks = [(each.clamp(0, 1) - truth).square().mean().item() for each in pictures]
    scores = [score(problem, each, reward) for each in pictures]
    order = sorted(range(len(pictures)), key=lambda i: risks[i])
    assert order == sorted(range(len(pictures)), key=lambda i: -scores[i])
    estimated = [reward.risk(problem, {"restored": each}) for each in pictures]
    assert scores == pytest.approx([-10 * math.log10(risk) for risk in estimated])


def test_a_risk_below_zero_keeps_the_order() -> None:
    """On a tiny picture chance may make every risk negative: the score is smooth and ordered."""
    truth, reward = waves(side=4), Sure(PLUGINS, alpha=0.5)
    for seed in range(200):
        problem = problem_of(noisy(truth, seed))
        reward.prepare(problem, draws(10_000 + seed))
        if reward.risk(problem, {"restored": truth}) < 0:
            break
    errors = [0.001 * i for i in range(100)]
    pictures = [truth + error * (2 * (truth > 0.5) - 1) for error in errors]
    risks = [reward.risk(problem, {"restored": each}) for each in pictures]
    scores = [score(problem, each, reward) for each in pictures]
    assert min(risks) < 0 < max(risks)
    order = sorted(range(len(errors)), key=lambda i: risks[i])
    assert order == sorted(range(len(errors)), key=lambda i: -scores[i])
    assert all(math.isfinite(each) for each in scores)


def test_the_problem_knows_of_its_noise() -> None:
    """Loss and the level at which rules stop are those of the noise that is there now."""
    truth = waves(side=64)
    problem = problem_of(noisy(truth, 1))
    Sure(PLUGINS, alpha=1.0).prepare(problem, draws(2))
    assert problem.noise_level() == pytest.approx(SIGMA * math.sqrt(2))
    problem.hold_out(0.5, draws(3))
    validation = problem.validation({"restored": truth})
    assert validation == pytest.approx(1, abs=0.1)
    assert problem.noise_loss() == pytest.approx(1, abs=0.03)
    assert (problem.measured - truth).std().item() == pytest.approx(SIGMA * math.sqrt(2), rel=0.05)


@pytest.mark.parametrize("grey", [0.03, 0.08, 0.95])
def test_what_the_range_has_cut_off_is_no_noise_to_stop_at(grey: float) -> None:
    clipped = noisy(torch.full((1, 1, 96, 96), grey), 1).clamp(0, 1)
    problem = problem_of(clipped)
    Sure(PLUGINS, alpha=0.5).prepare(problem, draws(2))
    level = problem.noise_loss()
    left = (problem.measured - clipped.mean()).square().mean().item() / (SIGMA**2 * 1.25)
    assert left < 0.9
    assert level == pytest.approx(left, rel=0.06)
    [tile] = problem.tiling(96).tiles
    assert problem.tile(tile).noise_loss() == level
    assert problem.frames()[0].noise_loss() == level


def test_what_is_kept_back_for_a_rule_is_judged_too() -> None:
    truth, reward = waves(), Sure(PLUGINS, alpha=0.5)
    problem = problem_of(noisy(truth, 1))
    reward.prepare(problem, draws(2))
    before = reward.risk(problem, {"restored": truth})
    problem.hold_out(0.3, draws(3))
    assert reward.risk(problem, {"restored": truth}) == before


def test_what_it_cannot_judge_is_refused() -> None:
    reward = Sure(PLUGINS, alpha=0.5)
    operator: LinearOperator = PLUGINS.create("operator", "nasdip:area", (16, 16), 2)
    small = operator.forward(waves())
    with pytest.raises(OptionError, match="measures the picture itself; choose another reward"):
        reward.prepare(problem_of(small, size=(16, 16), operator=operator), draws(0))
    with pytest.raises(OptionError, match="level of the noise; choose another reward"):
        reward.prepare(RestorationProblem(waves()), draws(0))
    # Whose operator is the identity, but whose picture is seen through a blur that is found, too.
    blind = BlindProblem(waves(), 5, 0.1, draws=draws(0), truth=None, levels=None)
    with pytest.raises(OptionError, match="measures the picture itself; choose another reward"):
        reward.prepare(blind, draws(0))
