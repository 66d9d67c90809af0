"""What an `activation` plugin has to do."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from nasdip_core.testing.module import ModuleConformance, picture, seeded


class ActivationConformance(ModuleConformance):
    """Inherit, and return your class or function without arguments from the fixture `factory`."""

    @pytest.fixture
    def build(self, factory: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
        """Return what makes the activation."""
        return factory

    def test_keeps_any_shape(self, factory: Callable[[], nn.Module]) -> None:
        """(B, C, H, W) -> (B, C, H, W) for any number of channels: it is told none."""
        module = seeded(factory)
        for shape in ((1, 1, 1, 1), (2, 3, 5, 3), (1, 32, 2, 2)):
            assert module(picture(*shape)).shape == shape

    def test_stays_finite(self, factory: Callable[[], nn.Module]) -> None:
        """Large values give no infinity and no NaN."""
        large = torch.tensor([-1e4, -1.0, 0.0, 1.0, 1e4]).reshape(1, 1, 1, 5)
        assert seeded(factory)(large).isfinite().all()

    def test_each_call_gives_its_own_module(self, factory: Callable[[], nn.Module]) -> None:
        """No two places of a network share what an activation learns."""
        assert seeded(factory) is not seeded(factory)
