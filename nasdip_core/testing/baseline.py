"""What a `baseline` plugin has to do."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nasdip_core.baseline import Baseline
from nasdip_core.problem import Problem
from nasdip_core.restoration import RestorationProblem
from nasdip_core.testing.module import picture

MakeProblem = Callable[[Tensor, Tensor | None], RestorationProblem]


class BaselineConformance:
    """Inherit, and return your method from the fixture `baseline`.

    The fixture `problem_of` returns a function from a clean picture (1, C, H, W), whose sides are
    multiples of 8, and a truth or None, to the problem of the damaged one: by default, of a noisy
    one. A method for other problems overrides it.
    """

    @pytest.fixture
    def problem_of(self) -> MakeProblem:
        """Return what makes a fresh problem; equal pictures, equal problems."""

        def make(clean: Tensor, truth: Tensor | None) -> RestorationProblem:
            noisy = clean + 0.1 * picture(*clean.shape, seed=1)
            return RestorationProblem(noisy, deviation=lambda _: 0.1, truth=truth)

        return make

    def test_serves_tasks(self, baseline: Baseline[RestorationProblem]) -> None:
        """The names of tasks are there."""
        assert baseline.tasks
        assert all(isinstance(name, str) for name in baseline.tasks)
        assert isinstance(baseline.fills, bool)

    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("size", [(8, 8), (16, 24)], ids=str)
    def test_returns_a_picture(
        self,
        baseline: Baseline[RestorationProblem],
        problem_of: MakeProblem,
        size: tuple[int, int],
        channels: int,
    ) -> None:
        """Finite samples (1, C, H, W), without a gradient."""
        found = baseline.restore(problem_of(_clean(size, channels), None))
        assert found.shape == (1, channels, *size)
        assert found.dtype == torch.float32
        assert not found.requires_grad
        assert found.isfinite().all()

    @pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
    def test_survives_a_flat_picture(
        self, baseline: Baseline[RestorationProblem], problem_of: MakeProblem, level: float
    ) -> None:
        """Without structure there is nothing to divide by."""
        clean = torch.full((1, 3, 16, 16), level)
        assert baseline.restore(problem_of(clean, None)).isfinite().all()

    def test_never_reads_the_truth(
        self, baseline: Baseline[RestorationProblem], problem_of: MakeProblem
    ) -> None:
        """With another truth, or none, the result is the same."""
        clean = _clean()
        found = [baseline.restore(problem_of(clean, t)) for t in (clean, 1 - clean, None)]
        assert torch.equal(found[0], found[1])
        assert torch.equal(found[0], found[2])

    def test_is_deterministic(
        self, baseline: Baseline[RestorationProblem], problem_of: MakeProblem
    ) -> None:
        """Two calls agree, the problem stays as it is, and the global generator, too."""
        problem, state = problem_of(_clean(), None), torch.get_rng_state()
        before = {name: value.clone() for name, value in _tensors(problem).items()}
        first = baseline.restore(problem)
        after = _tensors(problem)
        assert [name for name in before if not torch.equal(after[name], before[name])] == []
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.equal(baseline.restore(problem), first)

    def test_fills_what_is_missing(
        self, baseline: Baseline[RestorationProblem], problem_of: MakeProblem
    ) -> None:
        """Where `fills` is true, whatever lies at unknown pixels changes nothing.

        Of a RestorationProblem that knows everything a third is taken away.
        """
        if not baseline.fills:
            return
        found = []
        for lies in (0.0, 1.0):
            problem = problem_of(_clean(), None)
            if isinstance(problem, RestorationProblem) and bool(problem.known.all()):
                drawn = torch.rand(problem.known.shape, generator=torch.Generator().manual_seed(2))
                problem.known = problem.fitted = drawn > 1 / 3
            known = _tensors(problem).get("known")
            if known is None or bool(known.all()):
                return
            problem.measured = torch.where(known, problem.measured, lies)
            found.append(baseline.restore(problem))
        assert found[0].isfinite().all()
        assert torch.equal(found[0], found[1])


def _tensors(problem: Problem) -> dict[str, Tensor]:
    return {name: value for name, value in vars(problem).items() if isinstance(value, Tensor)}


def _clean(size: tuple[int, int] = (24, 24), channels: int = 3) -> Tensor:
    """Return waves, (1, C, H, W) in [0.25, 0.75]."""
    y, x = torch.meshgrid(torch.arange(size[0]), torch.arange(size[1]), indexing="ij")
    phase = torch.arange(channels)[:, None, None]
    return (0.5 + 0.25 * torch.sin(0.4 * x + 0.2 * y + phase))[None]
