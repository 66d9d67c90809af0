"""The weights of several estimates from kept-back measurements."""

import pytest
import torch

from nasdip_core.operators import Identity, Operator
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
    weights = held_out_weights(problem, estimates, trusted=1, one=False)
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
    assert held_out_weights(problem, [spoilt, bad], trusted=1, one=True) == [1.0, 0.0]


def test_no_weight_is_negative(problem: RestorationProblem) -> None:
    good = off(problem, 0.02, 3)
    worse = {"restored": good["restored"] + 0.1}
    weights = held_out_weights(problem, [worse, good], trusted=1, one=False)
    assert min(weights) >= 0
    assert weights[1] == pytest.approx(1, abs=1e-3)


def test_without_anything_kept_back_the_trusted_one_counts() -> None:
    problem = RestorationProblem(torch.rand(1, 1, 8, 8), operator=Identity())
    estimate = {"restored": torch.rand(1, 1, 8, 8)}
    assert held_out_weights(problem, [estimate, estimate], trusted=1, one=False) == [0.0, 1.0]
    problem.hold_out(0.1, draws(0))
    assert held_out_weights(problem, [estimate], trusted=0, one=False) == [1.0]


def test_an_error_counts_as_much_as_there_is_no_noise() -> None:
    truth = torch.rand(1, 1, 64, 64, generator=draws(0))
    problem = RestorationProblem(truth, deviation=lambda x: 0.01 + x)
    problem.hold_out(0.2, draws(2))
    wrong_where_dark = {"restored": torch.where(truth < 0.5, truth + 0.1, truth)}
    wrong_where_bright = {"restored": torch.where(truth < 0.5, truth, truth + 0.1)}
    weights = held_out_weights(
        problem, [wrong_where_dark, wrong_where_bright], trusted=1, one=False
    )
    assert weights[1] > 0.8


def test_measurements_are_those_that_the_problem_predicts() -> None:
    class Nothing(Operator):
        def forward(self, picture: torch.Tensor) -> torch.Tensor:
            return torch.zeros_like(picture)

    measured = torch.rand(1, 1, 16, 16, generator=draws(0))
    problem = RestorationProblem(measured, operator=Nothing(), closeness=0.5)
    problem.hold_out(0.2, draws(2))
    estimates = [{"restored": measured}, {"restored": 2 * measured}]
    assert held_out_weights(problem, estimates, trusted=0, one=True) == [0.0, 1.0]


def test_equal_estimates_blend_to_themselves(problem: RestorationProblem) -> None:
    one = off(problem, 0.1, 3)
    weights = held_out_weights(problem, [one, dict(one)], trusted=1, one=False)
    torch.testing.assert_close(blended([one, one], weights)["restored"], one["restored"])


def test_one_piece_of_a_hole_hardly_moves_the_weights() -> None:
    truth = torch.rand(1, 1, 64, 64, generator=draws(0))
    problem = RestorationProblem(truth)
    good = {"restored": truth + 0.1 * torch.randn(truth.shape, generator=draws(1))}
    better = {"restored": truth + 0.08 * torch.randn(truth.shape, generator=draws(2))}
    one_piece, many = torch.zeros(2, 1, 1, 64, 64, dtype=torch.bool)
    one_piece[..., 8:24, 8:24] = True
    many[..., ::4, ::4] = True
    found = []
    for kept_back in (one_piece, many):
        problem.kept_back = kept_back
        found.append(held_out_weights(problem, [better, good], trusted=1, one=False)[0])
    assert found[0] < 0.3
    assert found[1] > 0.5


def test_pieces_of_two_frames_are_two() -> None:
    truth = torch.rand(2, 1, 32, 32, generator=draws(0))
    problem = RestorationProblem(truth)
    good = {"restored": truth + 0.1 * torch.randn(truth.shape, generator=draws(1))}
    better = {"restored": truth + 0.05 * torch.randn(truth.shape, generator=draws(2))}
    found = []
    for frames in ([0], [0, 1]):
        problem.kept_back = torch.zeros(2, 1, 32, 32, dtype=torch.bool)
        problem.kept_back[frames, :, 4:20, 4:20] = True
        found.append(held_out_weights(problem, [better, good], trusted=1, one=False)[0])
    assert found[0] < found[1]
