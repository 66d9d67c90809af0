"""The weights of several estimates from kept-back measurements."""

import pytest
import torch

from nasdip_core.operators import Identity
from nasdip_core.pipeline.blend import blended, held_out_weights
from nasdip_core.restoration import RestorationProblem


def draws(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def problem() -> RestorationProblem:
    truth = torch.rand(1, 3, 64, 64, generator=draws(0))
    noise = 0.05 * torch.randn(truth.shape, generator=draws(1))
    problem = RestorationProblem(truth + noise, deviation=lambda _: 0.05, truth=truth)
    problem.hold_out(0.2, draws(2))
    return problem


def off(problem: RestorationProblem, deviation: float, seed: int) -> dict[str, torch.Tensor]:
    """Return an estimate with an error of its own."""
    assert problem.truth is not None
    error = deviation * torch.randn(problem.truth.shape, generator=draws(seed))
    return {"restored": problem.truth + error}


def test_weights_are_the_inverse_variances_of_independent_errors(
    problem: RestorationProblem,
) -> None:
    estimates = [off(problem, 0.1, 3), off(problem, 0.2, 4)]
    weights = held_out_weights(problem, estimates, one=False)
    assert sum(weights) == pytest.approx(1)
    assert weights[0] == pytest.approx(0.8, abs=0.05)
    mixed = blended(estimates, weights)["restored"]
    assert problem.truth is not None
    errors = [(e["restored"] - problem.truth).square().mean() for e in estimates]
    assert (mixed - problem.truth).square().mean() < min(errors)


def test_only_what_is_kept_back_decides(problem: RestorationProblem) -> None:
    good, bad = off(problem, 0.02, 3), off(problem, 0.2, 4)
    assert problem.kept_back is not None
    spoilt = {"restored": torch.where(problem.kept_back, good["restored"], 7.0)}
    assert held_out_weights(problem, [spoilt, bad], one=True) == [1.0, 0.0]


def test_no_weight_is_negative(problem: RestorationProblem) -> None:
    good = off(problem, 0.02, 3)
    worse = {"restored": good["restored"] + 0.1}
    weights = held_out_weights(problem, [worse, good], one=False)
    assert min(weights) >= 0
    assert weights[1] == pytest.approx(1, abs=1e-3)


def test_without_anything_kept_back_the_last_one_counts() -> None:
    problem = RestorationProblem(torch.rand(1, 1, 8, 8), operator=Identity())
    estimate = {"restored": torch.rand(1, 1, 8, 8)}
    assert held_out_weights(problem, [estimate, estimate], one=False) == [0.0, 1.0]
    problem.hold_out(0.1, draws(0))
    assert held_out_weights(problem, [estimate], one=False) == [1.0]


def test_an_error_counts_as_much_as_there_is_no_noise() -> None:
    truth = torch.rand(1, 1, 64, 64, generator=draws(0))
    problem = RestorationProblem(truth, deviation=lambda x: 0.01 + x)
    problem.hold_out(0.2, draws(2))
    wrong_where_dark = {"restored": torch.where(truth < 0.5, truth + 0.1, truth)}
    wrong_where_bright = {"restored": torch.where(truth < 0.5, truth, truth + 0.1)}
    weights = held_out_weights(problem, [wrong_where_dark, wrong_where_bright], one=False)
    assert weights[1] > 0.8


def test_equal_estimates_blend_to_themselves(problem: RestorationProblem) -> None:
    one = off(problem, 0.1, 3)
    weights = held_out_weights(problem, [one, dict(one)], one=False)
    torch.testing.assert_close(blended([one, one], weights)["restored"], one["restored"])
