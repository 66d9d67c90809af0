"""What every op has to do, whatever its kind."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from nasdip_core.seeds import initialising

CHANNELS = 4
"""Channels of the inputs here: few, and divisible by what the built-ins divide by."""


def seeded(build: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    """Build a module from a seed, leaving the global generator as it was."""
    with initialising(seed):
        return build()


def picture(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return standard normal values of a shape."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


class ModuleConformance:
    """Base of the conformance classes of ops: modules on (B, 4, H, W).

    Their fixture `build` returns what makes the op for 4 channels, kernel 3 and dilation 1.
    """

    def test_gradients_are_exact(self, build: Callable[[], nn.Module]) -> None:
        """The gradients by input and parameters equal finite differences."""
        module = seeded(build).double()
        names = [name for name, _ in module.named_parameters()]
        features = picture(1, CHANNELS, 2, 3, dtype=torch.float64).requires_grad_()

        def forward(features: Tensor, *parameters: Tensor) -> Tensor:
            named = dict(zip(names, parameters, strict=True))
            output: Tensor = functional_call(module, named, (features,))
            return output

        assert torch.autograd.gradcheck(forward, (features, *module.parameters()))

    def test_leaves_its_input_alone(self, build: Callable[[], nn.Module]) -> None:
        """Nothing is computed in place."""
        features = picture(2, CHANNELS, 4, 3)
        before = features.clone()
        seeded(build)(features)
        assert torch.equal(features, before)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_keeps_the_dtype(self, build: Callable[[], nn.Module], dtype: torch.dtype) -> None:
        """The output has the precision of input and parameters, and is finite."""
        output = seeded(build).to(dtype)(picture(2, CHANNELS, 4, 3, dtype=dtype))
        assert output.dtype == dtype
        assert output.isfinite().all()

    def test_state_dict_holds_all_that_is_learnt(self, build: Callable[[], nn.Module]) -> None:
        """A module with the state of another gives the same output."""
        features = picture(2, CHANNELS, 4, 3)
        source, target = seeded(build, 1), seeded(build, 2)
        target.load_state_dict(source.state_dict())
        assert torch.equal(target(features), source(features))

    def test_is_deterministic(self, build: Callable[[], nn.Module]) -> None:
        """The seed decides the parameters, and the forward draws nothing."""
        features = picture(2, CHANNELS, 4, 3)
        module = seeded(build)
        first = module(features)
        assert torch.equal(module(features), first)
        assert torch.equal(seeded(build)(features), first)

    def test_works_without_memory(self, build: Callable[[], nn.Module]) -> None:
        """On the meta device, where costs are counted, the shape is right."""
        features = picture(2, CHANNELS, 4, 3)
        expected = seeded(build)(features).shape
        with torch.device("meta"):
            module = build()
        output = module(features.to("meta"))
        assert output.device.type == "meta"
        assert output.shape == expected

    def test_treats_each_picture_alone(self, build: Callable[[], nn.Module]) -> None:
        """A picture of a batch comes out as it does on its own."""
        features = picture(3, CHANNELS, 4, 3)
        module = seeded(build)
        alone = torch.cat([module(features[i : i + 1]) for i in range(3)])
        torch.testing.assert_close(module(features), alone)
