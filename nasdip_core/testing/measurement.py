"""What any `operator` plugin has to do, linear or not."""

import math

import pytest
import torch

from nasdip_core.errors import OptionError
from nasdip_core.operators import Operator
from nasdip_core.testing.module import picture

_SAMPLES = 40_000
"""Of white noise: its mean square is 1 within a percent."""


class MeasurementConformance:
    """Inherit, and return an Operator from the fixture `operator`, its (H, W) from `size`."""

    def test_gradient_passes(self, operator: Operator, size: tuple[int, int]) -> None:
        """The fit gets through `forward`: the picture has a gradient, which is finite."""
        x = picture(1, 3, *size).requires_grad_()
        y = operator.forward(x)
        (gradient,) = torch.autograd.grad((y * picture(*y.shape, seed=1)).sum(), x)
        assert gradient.isfinite().all()
        assert gradient.any()

    @pytest.mark.parametrize("channels", [1, 3, 5])
    def test_measures_single_floats(
        self, operator: Operator, size: tuple[int, int], channels: int
    ) -> None:
        """Measurements have four axes, and are finite single floats, for any C."""
        y = operator.forward(picture(1, channels, *size))
        assert y.ndim == 4
        assert y.dtype == torch.float32
        assert y.isfinite().all()

    def test_treats_pictures_alike(self, operator: Operator, size: tuple[int, int]) -> None:
        """Every picture of a batch, on its own, gives what it gives among the others."""
        x = picture(3, 2, *size)
        forward = operator.forward(x)
        assert forward.shape[:1] == (3,)
        for one in range(3):
            alone = slice(one, one + 1)
            torch.testing.assert_close(operator.forward(x[alone]), forward[alone])

    def test_leaves_its_arguments_alone(self, operator: Operator, size: tuple[int, int]) -> None:
        """Nothing is computed in place, and nothing is drawn."""
        x = picture(1, 3, *size)
        y = operator.forward(x).clone()
        before, measured = x.clone(), y.clone()
        operator.project(x, y)
        assert torch.equal(operator.forward(x), measured)
        assert torch.equal(x, before)
        assert torch.equal(y, measured)

    def test_measures_a_part_like_the_whole(self, operator: Operator) -> None:
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
        self, operator: Operator, size: tuple[int, int]
    ) -> None:
        """White noise keeps its mean square, within 10 %, and a residual its shape."""
        one = operator.forward(picture(1, 3, *size))
        noise = picture(math.ceil(_SAMPLES / one.numel()), *one.shape[1:])
        before = noise.clone()
        balanced = operator.balanced(noise)
        assert torch.equal(noise, before)
        assert balanced.shape == noise.shape
        assert 0.9 < float(balanced.square().mean() / noise.square().mean()) < 1.1

    def test_moves(self, operator: Operator, size: tuple[int, int]) -> None:
        """`to` returns an operator that works there, with all tensors that it needs.

        `meta` is a device without samples, which every machine has.
        """
        x = picture(1, 3, *size)
        expected = operator.forward(x)
        stayed = operator.to(torch.device("cpu"))
        assert isinstance(stayed, Operator)
        assert torch.equal(stayed.forward(x), expected)
        moved = stayed.to(torch.device("meta"))
        assert isinstance(moved, Operator)
        measured = moved.forward(x.to("meta"))
        assert measured.device.type == "meta"
        assert measured.shape == expected.shape
