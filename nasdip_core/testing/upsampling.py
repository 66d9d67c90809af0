"""What an `upsampling` plugin has to do."""

from collections.abc import Callable
from functools import partial

import pytest
from torch import nn

from nasdip_core.architecture.ops import Upsampling
from nasdip_core.testing.module import CHANNELS, ModuleConformance, picture, seeded


class UpsamplingConformance(ModuleConformance):
    """Inherit, and return your class from the fixture `factory`."""

    @pytest.fixture
    def build(self, factory: type[Upsampling]) -> Callable[[], nn.Module]:
        """Return what makes the op for 4 channels, kernel 3 and dilation 1."""
        return partial(factory, CHANNELS, kernel=3, dilation=1)

    def test_is_an_upsampling(self, factory: type[Upsampling]) -> None:
        """The class follows the contract and says how it divides the channels."""
        assert issubclass(factory, Upsampling)
        assert factory.channel_divisor >= 1

    @pytest.mark.parametrize("dilation", [1, 2, 3])
    @pytest.mark.parametrize("kernel", [1, 3, 5, 7])
    def test_doubles_any_size(self, factory: type[Upsampling], kernel: int, dilation: int) -> None:
        """(B, C, H, W) -> (B, C / divisor, 2H, 2W), odd, even and one pixel.

        A kernel other than 3 may be refused, with ValueError.
        """
        channels = 2 * factory.channel_divisor
        try:
            module = seeded(partial(factory, channels, kernel=kernel, dilation=dilation))
        except ValueError:
            assert kernel != 3
            return
        for height, width in ((1, 1), (1, 4), (2, 3), (5, 2), (8, 8)):
            output = module(picture(1, channels, height, width))
            assert output.shape == (1, 2, 2 * height, 2 * width)

    def test_takes_multiples_of_its_divisor(self, factory: type[Upsampling]) -> None:
        """Any multiple is divided; other numbers of channels are refused with ValueError."""
        divisor = factory.channel_divisor
        for channels in range(1, 2 * divisor + 1):
            if channels % divisor:
                with pytest.raises(ValueError, match=str(channels)):
                    factory(channels, kernel=3, dilation=1)
            else:
                module = seeded(partial(factory, channels, kernel=3, dilation=1))
                assert module(picture(1, channels, 2, 2)).shape == (1, channels // divisor, 4, 4)
