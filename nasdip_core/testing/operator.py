"""What a linear `operator` plugin has to do."""

import math

import pytest
import torch
from torch import Tensor

from nasdip_core.operators import LinearOperator
from nasdip_core.testing.measurement import MeasurementConformance
from nasdip_core.testing.module import picture


class OperatorConformance(MeasurementConformance):
    """As `MeasurementConformance`, of a LinearOperator."""

    def test_adjoint(self, operator: LinearOperator, size: tuple[int, int]) -> None:
        """<A x, y> = <x, A^T y> to the precision of single floats."""
        for seed in range(3):
            x = picture(2, 3, *size, seed=seed)
            forward = operator.forward(x)
            y = picture(*forward.shape, seed=seed + 100)
            difference = _inner(forward, y) - _inner(x, operator.adjoint(y))
            assert abs(difference) <= 1e-5 * _norm(forward) * _norm(y)

    def test_gradient_is_the_adjoint(self, operator: LinearOperator, size: tuple[int, int]) -> None:
        """The fit gets through `forward`: the gradient of <A x, y> by x is A^T y."""
        x = picture(1, 3, *size).requires_grad_()
        forward = operator.forward(x)
        y = picture(*forward.shape, seed=1)
        (gradient,) = torch.autograd.grad((forward * y).sum(), x)
        torch.testing.assert_close(gradient, operator.adjoint(y), rtol=1e-4, atol=1e-5)

    def test_is_linear(self, operator: LinearOperator, size: tuple[int, int]) -> None:
        """A (a x + b z) = a A x + b A z, and so for the adjoint."""
        x, z = picture(1, 3, *size, seed=1), picture(1, 3, *size, seed=2)
        y, w = operator.forward(x), operator.forward(z)
        mixed = operator.forward(2.5 * x - 0.5 * z)
        torch.testing.assert_close(mixed, 2.5 * y - 0.5 * w, rtol=1e-4, atol=1e-5)
        mixed = operator.adjoint(2.5 * y - 0.5 * w)
        expected = 2.5 * operator.adjoint(y) - 0.5 * operator.adjoint(w)
        torch.testing.assert_close(mixed, expected, rtol=1e-4, atol=1e-5)

    def test_projection_agrees_with_the_measurements(
        self, operator: LinearOperator, size: tuple[int, int]
    ) -> None:
        """A project(x, y) = y, and a picture that agrees stays: where `project` is overridden."""
        x, y = picture(2, 3, *size), operator.forward(picture(2, 3, *size, seed=1))
        projected = operator.project(x, y)
        if not _projects(operator):
            assert torch.equal(projected, x)
            return
        assert projected.shape == x.shape
        torch.testing.assert_close(operator.forward(projected), y, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(operator.project(projected, y), projected, rtol=0, atol=1e-4)

    def test_projection_is_the_nearest(
        self, operator: LinearOperator, size: tuple[int, int]
    ) -> None:
        """The way to the projection is at right angles to that on to any picture that agrees."""
        x, agreeing = picture(2, 3, *size), picture(2, 3, *size, seed=1)
        projected = operator.project(x, operator.forward(agreeing))
        if _projects(operator):
            way, on = projected - x, agreeing - projected
            assert abs(_inner(way, on)) <= 1e-4 * _norm(agreeing - x) ** 2

    def test_adjoint_treats_pictures_alike(
        self, operator: LinearOperator, size: tuple[int, int]
    ) -> None:
        """A^T of every one of a batch, on its own, is what it is among the others."""
        y = picture(*operator.forward(picture(3, 2, *size)).shape, seed=1)
        back = operator.adjoint(y)
        for one in range(3):
            alone = slice(one, one + 1)
            torch.testing.assert_close(operator.adjoint(y[alone]), back[alone])

    @pytest.mark.parametrize("channels", [1, 3, 5])
    def test_adjoint_leads_back(
        self, operator: LinearOperator, size: tuple[int, int], channels: int
    ) -> None:
        """A^T y has the shape of the picture, in single floats; y stays, also where it moves to."""
        x = picture(1, channels, *size)
        y = operator.forward(x)
        before = y.clone()
        back = operator.adjoint(y)
        assert back.shape == x.shape
        assert back.dtype == torch.float32
        assert torch.equal(y, before)
        moved = operator.to(torch.device("meta"))
        assert isinstance(moved, LinearOperator)
        assert moved.adjoint(y.to("meta")).shape == x.shape


def _projects(operator: LinearOperator) -> bool:
    return type(operator).project is not LinearOperator.project


def _inner(a: Tensor, b: Tensor) -> float:
    return float((a.double() * b.double()).sum())


def _norm(a: Tensor) -> float:
    return math.sqrt(_inner(a, a))
