"""What an `operator` plugin has to do."""

import math

import pytest
import torch
from torch import Tensor

from nasdip_core.errors import OptionError
from nasdip_core.operators import LinearOperator
from nasdip_core.testing.module import picture

_SAMPLES = 40_000
"""Of white noise: its mean square is 1 within a percent."""


class OperatorConformance:
    """Inherit, and return a LinearOperator from the fixture `operator`, its (H, W) from `size`."""

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

    def test_treats_pictures_and_channels_alike(
        self, operator: LinearOperator, size: tuple[int, int]
    ) -> None:
        """Every picture of a batch, on its own, gives what it gives among the others."""
        x = picture(3, 2, *size)
        forward = operator.forward(x)
        y = picture(*forward.shape, seed=1)
        assert forward.shape[:1] == (3,)
        for one in range(3):
            alone = slice(one, one + 1)
            torch.testing.assert_close(operator.forward(x[alone]), forward[alone])
            torch.testing.assert_close(operator.adjoint(y[alone]), operator.adjoint(y)[alone])

    @pytest.mark.parametrize("channels", [1, 3, 5])
    def test_keeps_shape_and_dtype(
        self, operator: LinearOperator, size: tuple[int, int], channels: int
    ) -> None:
        """The adjoint leads back to (B, C, H, W), in single floats and finite, for any C."""
        x = picture(1, channels, *size)
        y = operator.forward(x)
        back = operator.adjoint(y)
        assert back.shape == x.shape
        assert y.dtype == back.dtype == torch.float32
        assert y.isfinite().all()

    def test_leaves_its_arguments_alone(
        self, operator: LinearOperator, size: tuple[int, int]
    ) -> None:
        """Nothing is computed in place, and nothing is drawn."""
        x = picture(1, 3, *size)
        y = operator.forward(x).clone()
        before, measured = x.clone(), y.clone()
        operator.adjoint(y)
        operator.project(x, y)
        assert torch.equal(operator.forward(x), measured)
        assert torch.equal(x, before)
        assert torch.equal(y, measured)

    def test_measures_a_part_like_the_whole(self, operator: LinearOperator) -> None:
        """Where there is a `tile`, the middle of a part, half of it each way, is measured alike.

        Its border may be treated like any border. The whole is as large as this needs.
        """
        side = max(64, 16 * operator.grid)
        side -= side % operator.grid
        top, left = operator.grid, 2 * operator.grid
        try:
            whole, part = (operator.tile((s, s)) for s in (side + 4 * operator.grid, side))
        except OptionError:
            return
        x = picture(1, 3, side + 4 * operator.grid, side + 4 * operator.grid)
        found = part.forward(x[..., top : top + side, left : left + side])
        height, width = (int(n) for n in found.shape[-2:])
        down, right = (int(n) // operator.factor for n in (top, left))
        expected = whole.forward(x)[..., down : down + height, right : right + width]
        middle = (
            ...,
            slice(height // 4, height - height // 4),
            slice(width // 4, width - width // 4),
        )
        torch.testing.assert_close(found[middle], expected[middle], rtol=1e-4, atol=1e-5)

    def test_balances_without_raising_noise(
        self, operator: LinearOperator, size: tuple[int, int]
    ) -> None:
        """White noise keeps its mean square, within 10 %, and a residual its shape."""
        one = operator.forward(picture(1, 3, *size))
        noise = picture(math.ceil(_SAMPLES / one.numel()), *one.shape[1:])
        before = noise.clone()
        balanced = operator.balanced(noise)
        assert torch.equal(noise, before)
        assert balanced.shape == noise.shape
        assert 0.9 < float(balanced.square().mean() / noise.square().mean()) < 1.1

    def test_moves(self, operator: LinearOperator, size: tuple[int, int]) -> None:
        """`to` returns an operator that works there, with all tensors that it needs.

        `meta` is a device without samples, which every machine has.
        """
        x = picture(1, 3, *size)
        expected = operator.forward(x)
        stayed = operator.to(torch.device("cpu"))
        assert isinstance(stayed, LinearOperator)
        assert torch.equal(stayed.forward(x), expected)
        moved = stayed.to(torch.device("meta"))
        assert isinstance(moved, LinearOperator)
        measured = moved.forward(x.to("meta"))
        assert measured.device.type == "meta"
        assert measured.shape == expected.shape
        assert moved.adjoint(measured).shape == x.shape


def _projects(operator: LinearOperator) -> bool:
    return type(operator).project is not LinearOperator.project


def _inner(a: Tensor, b: Tensor) -> float:
    return float((a.double() * b.double()).sum())


def _norm(a: Tensor) -> float:
    return math.sqrt(_inner(a, a))
