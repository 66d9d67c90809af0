"""Every built-in refine plugin keeps the contract, for all problems that it is made for."""

import pytest
import torch
from torch import Tensor

from nasdip_core.operators import LinearOperator
from nasdip_core.plugins import Plugins
from nasdip_core.refine import Refine
from nasdip_core.restoration import RestorationProblem
from nasdip_core.testing import RefineConformance
from nasdip_core.testing.refine import MakeProblem


def noise(truth: Tensor, sigma: float) -> Tensor:
    drawn = torch.randn(truth.shape, generator=torch.Generator().manual_seed(1))
    return (truth + sigma * drawn).clamp(0, 1)


def mask(truth: Tensor, share: float) -> Tensor:
    """Return about `share` of the pixels, always the first."""
    known = torch.rand(truth[:, :1].shape, generator=torch.Generator().manual_seed(2)) < share
    known[..., 0, 0] = True
    return known


def gaussian(truth: Tensor) -> RestorationProblem:
    return RestorationProblem(noise(truth, 0.1), deviation=lambda _: 0.1)


def signal_dependent(truth: Tensor) -> RestorationProblem:
    return RestorationProblem(noise(truth, 0.1), deviation=lambda x: (0.01 * x + 1e-3).sqrt())


def noise_free(truth: Tensor) -> RestorationProblem:
    return RestorationProblem(truth, deviation=lambda _: 0.0)


def absurd(truth: Tensor) -> RestorationProblem:
    return RestorationProblem(noise(truth, 0.1), deviation=lambda _: 50.0)


def noisy_with_gaps(truth: Tensor) -> RestorationProblem:
    return RestorationProblem(noise(truth, 0.1), known=mask(truth, 0.5), deviation=lambda _: 0.1)


def missing(truth: Tensor) -> RestorationProblem:
    return RestorationProblem(truth, known=mask(truth, 0.5), copy_known=True)


def hole(truth: Tensor) -> RestorationProblem:
    known = torch.ones_like(truth[:, :1], dtype=torch.bool)
    known[..., 1:, 1:] = False
    return RestorationProblem(truth, known=known, copy_known=True)


PROBLEMS = [gaussian, signal_dependent, noise_free, absurd, noisy_with_gaps, missing, hole]


class TestCollaborative(RefineConformance):
    @pytest.fixture
    def refine(self, plugins: Plugins) -> Refine:
        made: Refine = plugins.create("refine", "nasdip:collaborative", passes=2)
        return made

    @pytest.fixture(params=PROBLEMS, ids=lambda make: make.__name__)
    def problem_of(self, request: pytest.FixtureRequest) -> MakeProblem:
        made: MakeProblem = request.param
        return made


class TestBiharmonic(RefineConformance):
    @pytest.fixture
    def refine(self, plugins: Plugins) -> Refine:
        made: Refine = plugins.create("refine", "nasdip:biharmonic")
        return made

    @pytest.fixture(params=[missing, hole], ids=lambda make: make.__name__)
    def problem_of(self, request: pytest.FixtureRequest) -> MakeProblem:
        made: MakeProblem = request.param
        return made


class SuperResolutionConformance(RefineConformance):
    @pytest.fixture(params=[1, 2])
    def factor(self, request: pytest.FixtureRequest) -> int:
        return int(request.param)

    @pytest.fixture
    def problem_of(self, factor: int, plugins: Plugins) -> MakeProblem:
        def make(truth: Tensor) -> RestorationProblem:
            size = (int(truth.shape[-2]), int(truth.shape[-1]))
            operator: LinearOperator = plugins.create("operator", "nasdip:lanczos", size, factor)
            measured = operator.forward(truth).clamp(0, 1)
            return RestorationProblem(measured, size=size, operator=operator)

        return make


class TestBackProjection(SuperResolutionConformance):
    @pytest.fixture
    def refine(self, plugins: Plugins) -> Refine:
        made: Refine = plugins.create("refine", "nasdip:back-projection")
        return made


class TestPlugAndPlay(SuperResolutionConformance):
    @pytest.fixture
    def refine(self, plugins: Plugins) -> Refine:
        made: Refine = plugins.create(
            "refine", "nasdip:plug-and-play", rounds=2, strongest=8, weakest=2
        )
        return made
