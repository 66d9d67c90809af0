"""What a `transform` plugin has to do."""

from collections.abc import Callable
from functools import partial

import pytest
from torch import nn

from nasdip_core.architecture.ops import Transform
from nasdip_core.testing.module import CHANNELS, ModuleConformance, picture, seeded


class TransformConformance(ModuleConformance):
    """Inherit, and return your class from the fixture `factory`."""

    @pytest.fixture
    def build(self, factory: type[Transform]) -> Callable[[], nn.Module]:
        """Return what makes the op for 4 channels in and out, kernel 3 and dilation 1."""
        return partial(factory, CHANNELS, CHANNELS, kernel=3, dilation=1)

    def test_is_a_transform(self, factory: type[Transform]) -> None:
        """The class follows the contract."""
        assert issubclass(factory, Transform)

    @pytest.mark.parametrize("dilation", [1, 2, 3])
    @pytest.mark.parametrize("kernel", [1, 3, 5, 7])
    def test_keeps_any_size(self, factory: type[Transform], kernel: int, dilation: int) -> None:
        """(B, C, H, W) -> (B, C, H, W), odd, even and one pixel."""
        module = seeded(partial(factory, CHANNELS, CHANNELS, kernel=kernel, dilation=dilation))
        for height, width in ((1, 1), (1, 4), (2, 3), (5, 2), (8, 8)):
            features = picture(1, CHANNELS, height, width)
            assert module(features).shape == features.shape

    @pytest.mark.parametrize(("inputs", "outputs"), [(8, 4), (4, 8), (6, 4), (8, 32), (3, 3)])
    def test_maps_channels_or_refuses(
        self, factory: type[Transform], inputs: int, outputs: int
    ) -> None:
        """Other numbers of channels come out as asked, or are refused with ValueError."""
        try:
            module = seeded(partial(factory, inputs, outputs, kernel=3, dilation=1))
        except ValueError:
            return
        assert module(picture(2, inputs, 4, 3)).shape == (2, outputs, 4, 3)
