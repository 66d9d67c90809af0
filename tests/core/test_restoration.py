"""The linear restoration problem: loss, held-out pixels, and what is rendered."""

import math

import pytest
import torch
from torch import Tensor

from nasdip_core.operators import LinearOperator
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Step
from nasdip_core.restoration import RestorationProblem

PLUGINS = Plugins.discover()


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=draws(seed))


def loss(problem: RestorationProblem, picture: Tensor) -> Tensor:
    step = Step(1, {}, {"picture": picture}.__getitem__, None, draws())
    return problem.players[0].loss(step)


def downsampling(size: tuple[int, int], name: str = "lanczos", factor: int = 2) -> LinearOperator:
    operator: LinearOperator = PLUGINS.create("operator", name, size, factor)
    return operator


def test_loss_is_the_mean_square_over_known_samples() -> None:
    measured, picture = rand(1, 3, 4, 5), rand(1, 3, 4, 5, seed=1)
    known = torch.zeros(1, 1, 4, 5, dtype=torch.bool)
    known[..., 0, 1] = known[..., 3, 4] = True
    errors = (picture - measured)[..., [0, 3], [1, 4]]
    problem = RestorationProblem(measured, known=known)
    torch.testing.assert_close(loss(problem, picture), errors.square().mean())


def test_loss_is_in_units_of_the_noise() -> None:
    measured, picture = rand(1, 1, 4, 5), rand(1, 1, 4, 5, seed=1)
    problem = RestorationProblem(measured, deviation=lambda expected: 0.1 + expected)
    expected = ((picture - measured) / (0.1 + picture)).square().mean()
    torch.testing.assert_close(loss(problem, picture), expected)


def test_the_deviation_is_no_way_to_lower_the_loss() -> None:
    measured, picture = rand(1, 1, 4, 5), rand(1, 1, 4, 5, seed=1).requires_grad_()
    problem = RestorationProblem(measured, deviation=lambda expected: expected)
    (gradient,) = torch.autograd.grad(loss(problem, picture), picture)
    plain = 2 * (picture - measured) / picture.square() / picture.numel()
    torch.testing.assert_close(gradient, plain)


def test_loss_without_known_samples_is_zero() -> None:
    nothing = torch.zeros(1, 1, 2, 2, dtype=torch.bool)
    assert loss(RestorationProblem(rand(1, 3, 2, 2), known=nothing), rand(1, 3, 2, 2)) == 0


@pytest.mark.parametrize(("share", "count"), [(0.001, 1), (0.25, 5), (0.5, 10), (1.0, 19)])
def test_held_out_is_a_share_of_the_known(share: float, count: int) -> None:
    known = torch.zeros(1, 1, 5, 8, dtype=torch.bool)
    known[..., ::2] = True
    problem = RestorationProblem(rand(1, 3, 5, 8), known=known)
    problem.hold_out(share, draws())
    assert problem.kept_back is not None
    assert int(problem.kept_back.sum()) == count
    assert not (problem.kept_back & ~known).any()
    assert torch.equal(problem.fitted ^ problem.kept_back, known)


def test_held_out_is_drawn_by_the_generator() -> None:
    def kept_back(seed: int) -> Tensor:
        problem = RestorationProblem(rand(1, 1, 8, 8))
        problem.hold_out(0.5, draws(seed))
        assert problem.kept_back is not None
        return problem.kept_back

    assert torch.equal(kept_back(1), kept_back(1))
    assert not torch.equal(kept_back(1), kept_back(2))


def test_validation_is_the_error_on_the_held_out() -> None:
    measured, picture = rand(1, 3, 6, 6), rand(1, 3, 6, 6, seed=1)
    problem = RestorationProblem(measured, deviation=lambda _: 0.5)
    assert problem.validation({"restored": picture}) is None
    problem.hold_out(0.3, draws())
    assert problem.kept_back is not None
    square = ((picture - measured) / 0.5).square()
    where = problem.kept_back.expand_as(square)
    expected = float(square[where].mean())
    assert problem.validation({"restored": picture}) == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(loss(problem, picture), square[~where].mean())


def test_a_single_known_pixel_is_fitted() -> None:
    problem = RestorationProblem(rand(1, 1, 1, 1))
    problem.hold_out(0.5, draws())
    assert problem.fitted.all()


def test_measures_are_of_what_is_written() -> None:
    truth = torch.tensor([0.0, 100.0, 200.0, 255.0]).view(1, 1, 2, 2) / 255
    near = (truth + 0.3 / 255).clamp(0, 1)
    exact = RestorationProblem(truth, truth=truth)
    assert exact.measures({"restored": near})["psnr"] == math.inf
    floats = RestorationProblem(truth, truth=truth, levels=None)
    assert floats.measures({"restored": near})["psnr"] < math.inf


def test_copied_samples_are_written_as_measured() -> None:
    measured, picture = rand(1, 3, 4, 4), rand(1, 3, 4, 4, seed=1)
    known = rand(1, 1, 4, 4, seed=2) > 0.5
    problem = RestorationProblem(measured, known=known, copy_known=True)
    written = problem.written({"restored": picture})
    where = known.expand_as(measured)
    assert torch.equal(written[where], measured[where])
    torch.testing.assert_close(written[~where] * 255, (picture[~where] * 255).round())
    rendered = problem.render({"restored": picture})["restored"]
    assert rendered.known is not None
    assert torch.equal(rendered.known, known)


def test_nothing_is_copied_unasked() -> None:
    problem = RestorationProblem(rand(1, 1, 2, 2))
    assert problem.render({"restored": rand(1, 1, 2, 2)})["restored"].known is None


def test_render_clips_where_there_is_no_projection() -> None:
    picture = 4 * rand(1, 3, 5, 5) - 2
    samples = RestorationProblem(rand(1, 3, 5, 5)).render({"restored": picture})["restored"].samples
    assert torch.equal(samples, picture.clamp(0, 1))


@pytest.mark.parametrize("name", ["lanczos", "bicubic", "area"])
def test_render_agrees_with_the_measurements_within_the_range(name: str) -> None:
    """Contrasts of black and white: the nearest consistent picture leaves [0, 1]."""
    operator = downsampling((24, 24), name)
    measured = operator.forward((rand(1, 3, 24, 24) > 0.5).float()).clamp(0, 1)
    problem = RestorationProblem(measured, size=(24, 24), operator=operator)
    picture = torch.full((1, 3, 24, 24), 0.5)
    loose = operator.project(picture, measured)
    assert name == "area" or loose.min() < -0.05
    samples = problem.render({"restored": picture})["restored"].samples
    assert samples.min() >= 0
    assert samples.max() <= 1
    assert (operator.forward(samples) - measured).abs().max() < 0.5 / 255


def test_render_goes_the_shortest_way() -> None:
    """No picture that agrees is nearer: not the truth, not the clipped projection repeated."""
    operator = downsampling((16, 16))
    truth = (rand(1, 1, 16, 16) > 0.4).float()
    measured = operator.forward(truth)
    problem = RestorationProblem(measured, size=(16, 16), operator=operator)
    picture = rand(1, 1, 16, 16, seed=1)
    samples = problem.render({"restored": picture})["restored"].samples
    repeated = picture
    for _ in range(500):
        repeated = operator.project(repeated, measured).clamp(0, 1)
    way = (samples - picture).norm()
    assert way < (truth - picture).norm()
    assert way < (repeated - picture).norm() + 1e-2


def test_render_leaves_a_consistent_picture_alone() -> None:
    operator = downsampling((16, 12))
    picture = rand(1, 3, 16, 12)
    problem = RestorationProblem(operator.forward(picture), size=(16, 12), operator=operator)
    samples = problem.render({"restored": picture})["restored"].samples
    torch.testing.assert_close(samples, picture, rtol=0, atol=1e-5)


def test_render_ignores_unknown_measurements() -> None:
    operator = downsampling((16, 16), "area")
    picture = 0.4 + 0.2 * rand(1, 1, 16, 16)
    measured = operator.forward(picture)
    known = torch.ones(1, 1, 8, 8, dtype=torch.bool)
    known[..., 2:4, 3:5] = False
    spoilt = torch.where(known, measured, torch.ones(()))
    problem = RestorationProblem(spoilt, size=(16, 16), operator=operator, known=known)
    samples = problem.render({"restored": picture})["restored"].samples
    torch.testing.assert_close(samples, picture)


def test_opacity_is_handed_on() -> None:
    alpha = rand(1, 1, 3, 3)
    problem = RestorationProblem(rand(1, 3, 3, 3), alpha=alpha)
    assert problem.render({"restored": rand(1, 3, 3, 3)})["restored"].alpha is alpha


def test_everything_moves() -> None:
    operator = downsampling((8, 8))
    problem = RestorationProblem(
        rand(1, 3, 4, 4), size=(8, 8), operator=operator, truth=rand(1, 3, 8, 8)
    )
    problem.hold_out(0.5, draws())
    problem.to(torch.device("meta"))
    assert loss(problem, rand(1, 3, 8, 8).to("meta")).device.type == "meta"
    assert problem.kept_back is not None
    assert problem.truth is not None
    assert {problem.kept_back.device.type, problem.truth.device.type} == {"meta"}


def test_the_loss_that_noise_leaves_is_one_but_for_what_the_range_cuts_off() -> None:
    grey = torch.full((1, 3, 64, 64), 0.5)
    noise = 0.1 * torch.randn(grey.shape, generator=draws())
    assert RestorationProblem(grey + noise).noise_loss() is None
    problem = RestorationProblem(grey + noise, deviation=lambda _: 0.1)
    assert problem.noise_loss() == pytest.approx(1, abs=1e-3)
    # At the end of the range half of the noise is gone: variance (1 - 1 / pi) / 2 of the whole.
    black = RestorationProblem(noise.clamp(0, 1), deviation=lambda _: 0.1)
    assert black.noise_loss() == pytest.approx((1 - 1 / math.pi) / 2, abs=0.03)
