"""The conformance class of rewards catches the rewards that it is for."""

import math
from collections.abc import Callable

import pytest
import torch

from nasdip_core.errors import RunError
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem
from nasdip_core.restoration import RestorationProblem
from nasdip_core.reward import Reward, Trained
from nasdip_core.testing import RewardConformance
from nasdip_core.testing.reward import MakeProblem


class Loss(Reward):
    """Takes what is fitted for what is true; the base of the broken ones."""

    def score(self, trained: Trained) -> float:
        problem = trained.problem
        assert isinstance(problem, RestorationProblem)
        off = problem.written(trained.result.chosen) - problem.measured
        return -float(off.square().mean())


class Unbounded(Loss):
    """Calls the truth infinitely good."""

    needs_truth = True

    def score(self, trained: Trained) -> float:
        return trained.problem.measures(trained.result.chosen)["psnr"]


class Inverted(Loss):
    """Gives the error."""

    def score(self, trained: Trained) -> float:
        return -super().score(trained)


class Blind(Loss):
    """Takes NaN for nothing."""

    def score(self, trained: Trained) -> float:
        score = super().score(trained)
        return -100.0 if math.isnan(score) else score


class Secretive(Loss):
    """Keeps measurements back, and does not say so."""

    def prepare(self, problem: Problem, draws: torch.Generator) -> None:
        problem.hold_out(0.1, draws)


class Careless(Loss):
    """Draws from the global generator."""

    def prepare(self, problem: Problem, draws: torch.Generator) -> None:
        assert isinstance(problem, RestorationProblem)
        problem.measured = problem.measured + 0.01 * torch.randn(problem.measured.shape)


class Forgetful(Loss):
    """Remembers the last problem alone."""

    def prepare(self, problem: Problem, draws: torch.Generator) -> None:
        self.problem = problem

    def score(self, trained: Trained) -> float:
        return super().score(trained) if trained.problem is self.problem else 0.0


class Meddling(Loss):
    """Writes to the estimate."""

    def score(self, trained: Trained) -> float:
        next(iter(trained.result.chosen.values())).clamp_(0.4, 0.6)
        return super().score(trained)


class Releasing(Loss):
    """Gives back what was kept back once it has been judged."""

    def prepare(self, problem: Problem, draws: torch.Generator) -> None:
        problem.hold_out(0.1, draws)

    def score(self, trained: Trained) -> float:
        assert isinstance(trained.problem, RestorationProblem)
        trained.problem.give_back()
        return super().score(trained)


class Cheating(Loss):
    """Looks at the truth, and does not say so."""

    def score(self, trained: Trained) -> float:
        measures = trained.problem.measures(trained.result.chosen)
        return min(measures.get("psnr", 0.0), 100.0)


class Silent(Loss):
    """Needs the truth, and gives a number without."""

    needs_truth = True


class Spoiling(Loss):
    """Leaves nothing that could be fitted."""

    def prepare(self, problem: Problem, draws: torch.Generator) -> None:
        assert isinstance(problem, RestorationProblem)
        problem.measured = problem.measured * math.nan


CHECKS = RewardConformance()


@pytest.fixture
def problem_of() -> MakeProblem:
    def make(clean: torch.Tensor, truth: torch.Tensor | None) -> Problem:
        generator = torch.Generator().manual_seed(0)
        noise = 0.1 * torch.randn(clean.shape, generator=generator)
        return RestorationProblem(clean + noise, deviation=lambda _: 0.1, truth=truth)

    return make


@pytest.mark.parametrize(
    ("reward", "check"),
    [
        (Unbounded, lambda reward, of: CHECKS.test_judges_any_picture(reward, of, (5, 3), 3)),
        (Inverted, CHECKS.test_prefers_the_better_estimate),
        (Blind, CHECKS.test_takes_no_number_for_good),
        (Careless, CHECKS.test_prepares_by_the_generator),
        (Forgetful, CHECKS.test_prepares_by_the_generator),
        (Secretive, CHECKS.test_says_whether_it_changes_the_problem),
        (Meddling, CHECKS.test_leaves_what_it_judges_alone),
        (Releasing, CHECKS.test_leaves_what_it_judges_alone),
        (Cheating, CHECKS.test_reads_no_truth_unless_it_says_so),
        (Silent, CHECKS.test_reads_no_truth_unless_it_says_so),
        (Spoiling, CHECKS.test_judges_a_fit),
    ],
)
def test_a_broken_reward_is_caught(
    reward: type[Reward], check: Callable[[Reward, MakeProblem], None], problem_of: MakeProblem
) -> None:
    with pytest.raises((AssertionError, RunError, pytest.fail.Exception)):
        check(reward(Plugins()), problem_of)


def test_a_plain_one_passes(problem_of: MakeProblem) -> None:
    reward = Loss(Plugins())
    for check in (
        CHECKS.test_prefers_the_better_estimate,
        CHECKS.test_takes_no_number_for_good,
        CHECKS.test_prepares_by_the_generator,
        CHECKS.test_says_whether_it_changes_the_problem,
        CHECKS.test_leaves_what_it_judges_alone,
        CHECKS.test_reads_no_truth_unless_it_says_so,
        CHECKS.test_judges_a_fit,
    ):
        check(reward, problem_of)
