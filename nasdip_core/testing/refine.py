"""What a `refine` plugin has to do."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from nasdip_core.refine import Refine
from nasdip_core.restoration import RestorationProblem

MakeProblem = Callable[[Tensor], RestorationProblem]
SIZES = [(1, 1), (1, 7), (2, 2), (5, 3), (17, 24)]


class RefineConformance:
    """Inherit, and return your estimator from the fixture `refine`.

    The fixture `problem_of` returns a function from a truth (1, C, H, W), whose sides are
    multiples of the fixture `factor` (default 1), to the problem of a damaged picture of it.
    """

    @pytest.fixture
    def factor(self) -> int:
        """Pixels of the picture along a side of one measurement."""
        return 1

    @pytest.fixture(params=[False, True], ids=["alone", "piloted"])
    def piloted(self, request: pytest.FixtureRequest) -> bool:
        """Whether there is an earlier estimate."""
        return bool(request.param)

    def test_serves_tasks(self, refine: Refine) -> None:
        """The names of tasks are there."""
        assert refine.tasks
        assert all(isinstance(name, str) for name in refine.tasks)

    @pytest.mark.parametrize("channels", [1, 3, 5])
    @pytest.mark.parametrize("size", SIZES, ids=str)
    def test_returns_a_picture(
        self,
        refine: Refine,
        problem_of: MakeProblem,
        factor: int,
        size: tuple[int, int],
        channels: int,
        piloted: bool,
    ) -> None:
        """Finite samples (1, C, H, W) in [0, 1], for pictures from one measurement on."""
        truth = _picture(channels, size, factor)
        problem = problem_of(truth)
        found = refine.refine(problem, _pilot(truth) if piloted else None)
        assert found.shape == truth.shape
        assert found.dtype == torch.float32
        assert not found.requires_grad
        _assert_in_range(found)

    @pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
    def test_keeps_a_flat_picture(
        self, refine: Refine, problem_of: MakeProblem, factor: int, level: float
    ) -> None:
        """Without structure there is nothing to divide by."""
        truth = torch.full((1, 3, 12 * factor, 9 * factor), level)
        for pilot in (None, truth):
            _assert_in_range(refine.refine(problem_of(truth), pilot))

    def test_draws_nothing(
        self, refine: Refine, problem_of: MakeProblem, factor: int, piloted: bool
    ) -> None:
        """The same input gives the same answer, and no generator moves."""
        truth = _picture(3, (17, 24), factor)
        problem = problem_of(truth)
        pilot = _pilot(truth) if piloted else None
        state = torch.get_rng_state()
        first = refine.refine(problem, pilot)
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.equal(refine.refine(problem, pilot), first)

    def test_reads_no_measurement_that_is_not_fitted(
        self, refine: Refine, problem_of: MakeProblem, factor: int, piloted: bool
    ) -> None:
        """Measurements kept back, or missing, may be anything: not even NaN changes the answer."""
        truth = _picture(3, (17, 24), factor)
        pilot = _pilot(truth) if piloted else None
        problem = problem_of(truth)
        problem.hold_out(0.2, _draws(3))
        expected = refine.refine(problem, pilot)
        _assert_in_range(expected)
        for other in (0.0, 1.0, torch.nan):
            problem.measured = torch.where(problem.fitted, problem.measured, other)
            assert torch.equal(refine.refine(problem, pilot), expected)

    def test_reads_no_truth(self, refine: Refine, problem_of: MakeProblem, factor: int) -> None:
        """A wrong truth, or none, gives the same answer."""
        truth = _picture(3, (17, 24), factor)
        problem = problem_of(truth)
        expected = refine.refine(problem, None)
        for other in (1 - truth, None):
            problem.truth = other
            assert torch.equal(refine.refine(problem, None), expected)

    def test_leaves_its_arguments_alone(
        self, refine: Refine, problem_of: MakeProblem, factor: int
    ) -> None:
        """Neither the pilot nor the problem is written into."""
        truth = _picture(3, (17, 24), factor)
        problem, pilot = problem_of(truth), _pilot(truth)
        problem.hold_out(0.2, _draws(3))
        before = pilot.clone(), problem.measured.clone(), problem.fitted.clone()
        refine.refine(problem, pilot)
        for now, then in zip((pilot, problem.measured, problem.fitted), before, strict=True):
            assert torch.equal(now, then)

    def test_takes_any_pilot(self, refine: Refine, problem_of: MakeProblem, factor: int) -> None:
        """A pilot that has nothing to do with the picture, or leaves the range, is one, too."""
        truth = _picture(3, (17, 24), factor)
        for pilot in (3 * _picture(3, (17, 24), factor, seed=7) - 1, torch.zeros_like(truth)):
            _assert_in_range(refine.refine(problem_of(truth), pilot))


def _draws(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _picture(channels: int, size: tuple[int, int], factor: int, seed: int = 0) -> Tensor:
    """Return waves with a little texture, (1, C, factor h, factor w)."""
    height, width = (factor * length for length in size)
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    phase = torch.arange(channels)[:, None, None]
    waves = 0.5 + 0.3 * torch.sin(0.4 * x + 0.2 * y + phase)
    return (waves + 0.1 * torch.rand(waves.shape, generator=_draws(seed)))[None]


def _pilot(truth: Tensor) -> Tensor:
    """Return an estimate that is a little off."""
    error = torch.rand(truth.shape, generator=_draws(5)) - 0.5
    return (truth + 0.1 * error).clamp(0, 1)


def _assert_in_range(samples: Any) -> None:
    assert samples.isfinite().all()
    assert samples.min() >= 0
    assert samples.max() <= 1
