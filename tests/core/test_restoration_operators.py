"""Restoration through operators whose measurements are no picture, or only lie within one."""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from nasdip_core.architecture.specification import Architecture
from nasdip_core.fit.networks import make_networks
from nasdip_core.operators import Operator
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Slot, Step
from nasdip_core.restoration import RestorationProblem
from nasdip_core.tiles import Tile


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


class Inner(Operator):
    """The square of the picture without its border: not linear, and smaller."""

    def forward(self, picture: Tensor) -> Tensor:
        return picture[..., 1:-1, 2:-2].square()

    def tile(self, size: tuple[int, int]) -> "Inner":
        return self


class Mean(Operator):
    """The means of the columns in one row: channels are mixed, and it projects to nowhere."""

    indispensable = torch.tensor([[[[True, True, False, False, False, False]]]])

    def forward(self, picture: Tensor) -> Tensor:
        return 3 * picture.mean(dim=(1, 2), keepdim=True)

    def project(self, picture: Tensor, measured: Tensor) -> Tensor:
        return picture + ((measured - self.forward(picture)) / 3)


def loss(problem: RestorationProblem, picture: Tensor) -> float:
    outputs: Mapping[str, Tensor] = {"picture": picture}
    return float(problem._loss(Step(1, {}, outputs.__getitem__, None, torch.Generator())))


class TestMargin:
    whole = rand(1, 3, 10, 14)

    def problem(self) -> RestorationProblem:
        measured = Inner().forward(self.whole)
        truth = self.whole[..., 1:-1, 2:-2]
        return RestorationProblem(
            measured, size=(10, 14), margin=(1, 2), operator=Inner(), truth=truth
        )

    def test_is_fitted_and_not_returned(self) -> None:
        problem = self.problem()
        assert problem.slots["picture"].size == (10, 14)
        assert problem.result_size == (8, 10)
        assert loss(problem, self.whole) == 0
        samples = problem.render({"restored": self.whole})["restored"].samples
        assert torch.equal(samples, self.whole[..., 1:-1, 2:-2])
        assert problem.measures({"restored": self.whole})["psnr"] > 50

    def test_a_tile_has_its_own(self) -> None:
        part = Tile("part", 2, 3, 6, 8)
        tile = self.problem().tile(part)
        assert tile.result_size == (4, 4)
        assert loss(tile, part.cut(self.whole)) == 0
        assert tile.measures({"restored": part.cut(self.whole)})["psnr"] > 50


class TestMeasurements:
    truth = rand(1, 3, 5, 6)

    def problem(self, sigma: float = 0.0) -> RestorationProblem:
        measured = Mean().forward(self.truth)
        deviation = (lambda _: sigma) if sigma else None
        return RestorationProblem(
            measured, size=(5, 6), channels=3, operator=Mean(), deviation=deviation
        )

    def test_have_other_channels(self) -> None:
        problem = self.problem()
        assert problem.slots["picture"].channels == 3
        assert loss(problem, self.truth) == 0
        assert loss(problem, 1 - self.truth) > 0

    def test_that_nothing_else_tells_are_never_kept_back(self) -> None:
        for seed in range(5):
            problem = self.problem()
            problem.hold_out(0.5, torch.Generator().manual_seed(seed))
            assert problem.kept_back is not None
            assert problem.kept_back[..., :2].sum() == 0
            assert problem.kept_back.sum() == 2

    def test_are_agreed_with_where_they_are_exact(self) -> None:
        estimate = {"restored": 0.5 * self.truth + 0.1}
        exact = self.problem().render(estimate)["restored"].samples
        assert float((Mean().forward(exact) - Mean().forward(self.truth)).abs().max()) < 1e-3
        noisy = self.problem(sigma=0.1).render(estimate)["restored"].samples
        assert torch.equal(noisy, estimate["restored"])

    def test_beyond_the_range_have_no_noise_cut_off(self) -> None:
        assert float(Mean().forward(self.truth).max()) > 1
        assert self.problem(sigma=0.1).noise_loss() == 1
        assert self.problem().noise_loss() is None


def test_closeness_puts_the_picture_in_place_of_its_measurement() -> None:
    class Half(Operator):
        def forward(self, picture: Tensor) -> Tensor:
            return picture / 2

    measured, guess = rand(1, 1, 6, 6), rand(1, 1, 6, 6, seed=1)
    for closeness in (0.0, 0.25, 1.0):
        problem = RestorationProblem(measured, operator=Half(), closeness=closeness)
        mixed = (1 - closeness) * guess / 2 + closeness * guess
        assert loss(problem, guess) == pytest.approx(float((mixed - measured).square().mean()))


def test_the_guide_of_a_slot_is_an_input(plugins: Plugins) -> None:
    architecture = Architecture.model_validate(
        {"levels": 2, "encoder": {"widths": 8}, "decoder": {"widths": 8}, "skip": {"widths": 2}}
    )
    guide = rand(1, 3, 16, 16)
    slots = {"picture": Slot(3, (16, 16), guide=guide)}
    found = make_networks(slots, architecture, plugins, 0, torch.device("cpu"))["picture"].input
    assert found is not None
    assert found.shape[1] == architecture.input.channels + 3
    torch.testing.assert_close(found[:, -3:], guide - 0.5)
