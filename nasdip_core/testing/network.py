"""What a `network` plugin has to do."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nasdip_core.architecture.network import Network
from nasdip_core.testing.module import seeded

MakeNetwork = Callable[[int, int], Network]


class NetworkConformance:
    """Inherit, and return from the fixture `network` what makes one for (C_in, C_out)."""

    def _made(self, make: MakeNetwork, channels: int = 3, seed: int = 0) -> Network:
        made = seeded(lambda: make(2, channels), seed)
        assert isinstance(made, Network)
        return made

    @pytest.mark.parametrize("size", [(1, 1), (5, 9), (16, 12)])
    def test_makes_pictures_of_any_size(self, network: MakeNetwork, size: tuple[int, int]) -> None:
        """Finite ones, with a gradient for every parameter."""
        for channels in (1, 3):
            made = self._made(network, channels)
            said = made(_input(made, size), size)
            assert said.shape == (1, channels, *size)
            assert said.isfinite().all()
            said.square().mean().backward()
            gradients = [parameter.grad for parameter in made.parameters()]
            assert all(g is not None and g.isfinite().all() for g in gradients)

    def test_can_be_fitted(self, network: MakeNetwork) -> None:
        """Some steps of Adam bring it nearer to a picture."""
        made = self._made(network)
        z = _input(made, (8, 8))
        wanted = torch.rand(1, 3, 8, 8, generator=_draws())
        adam = torch.optim.Adam(made.parameters(), 1e-3)
        losses = []
        for _ in range(20):
            loss = (made(z, (8, 8)) - wanted).square().mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
            losses.append(float(loss.detach()))
        assert losses[-1] < losses[0]

    def test_the_seed_decides(self, network: MakeNetwork) -> None:
        """Weights are drawn from torch's generator, outputs draw nothing."""
        first, again, other = (self._made(network, seed=seed) for seed in (0, 0, 1))
        z = _input(first, (8, 8))
        said = first(z, (8, 8))
        assert torch.equal(first(z, (8, 8)), said)
        assert torch.equal(again(z, (8, 8)), said)
        # Not of outputs: a last layer that begins at zero says the same for every seed.
        drawn, others = first.state_dict(), other.state_dict()
        assert any(not torch.equal(others[name], drawn[name]) for name in drawn)

    def test_state_dict_holds_all_that_is_learnt(self, network: MakeNetwork) -> None:
        """A network with the state of another says the same."""
        source, target = _moved(self._made(network, seed=1)), self._made(network, seed=2)
        target.load_state_dict(source.state_dict())
        z = _input(source, (8, 8))
        assert torch.equal(target(z, (8, 8)), source(z, (8, 8)))

    def test_treats_each_picture_alone(self, network: MakeNetwork) -> None:
        """A picture of a batch comes out as it does on its own, batch normalisation aside."""
        made = _moved(self._made(network)).eval()
        z = _input(made, (8, 8), pictures=3)
        alone = torch.cat([made(z[i : i + 1], (8, 8)) for i in range(3)])
        torch.testing.assert_close(made(z, (8, 8)), alone)

    def test_works_without_memory(self, network: MakeNetwork) -> None:
        """On the meta device, where costs are counted, the shape is right."""
        with torch.device("meta"):
            made = network(2, 3)
            z = torch.empty(1, 2, *made.input_size((16, 12)))
        assert made(z, (16, 12)).shape == (1, 3, 16, 12)


def _draws() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _input(made: Network, size: tuple[int, int], pictures: int = 1) -> Tensor:
    return torch.rand(pictures, 2, *made.input_size(size), generator=_draws())


def _moved(made: Network) -> Network:
    """Move all parameters a little: a last layer that begins at zero hides what is before it."""
    draws = _draws()
    for parameter in made.parameters():
        parameter.data += 0.02 * torch.randn(parameter.shape, generator=draws)
    return made
