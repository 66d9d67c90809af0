"""Every network that is no U-Net keeps its contract, and the class catches those that do not."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from nasdip_core.architecture.network import Network
from nasdip_core.plugins import Plugins
from nasdip_core.testing import NetworkConformance
from nasdip_core.testing.network import MakeNetwork

PLUGINS = Plugins.discover()
NAMES = [r.offer.name for r in PLUGINS.registrations("network") if r.distribution == "nasdip"]


class TestNetworks(NetworkConformance):
    @pytest.fixture(params=NAMES)
    def network(self, request: pytest.FixtureRequest) -> MakeNetwork:
        return partial(PLUGINS.find("network", request.param).made, {}, "network.with")


class Quiet(Network):
    """Two convolutions, of which the last begins at zero."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(in_channels, 4, 3, padding=1, bias=False)
        self.last = nn.Conv2d(4, out_channels, 1, bias=False)
        nn.init.zeros_(self.last.weight)

    def forward(self, z: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        said: Tensor = self.last(self.first(z).relu())
        return said


class TestQuiet(NetworkConformance):
    @pytest.fixture
    def network(self) -> MakeNetwork:
        return Quiet


class Social(Quiet):
    """Adds the mean of the batch."""

    def forward(self, z: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        said = super().forward(z, size)
        return said + said.mean(dim=0)


class Secretive(Quiet):
    """Draws what no state holds."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        self.gain = torch.rand(())

    def forward(self, z: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        return super().forward(self.gain * z, size)


class Fixed(Quiet):
    """Begins with the same weights whatever the seed."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        nn.init.constant_(self.first.weight, 0.1)


CHECKS = NetworkConformance()


@pytest.mark.parametrize(
    ("network", "check"),
    [
        (Social, CHECKS.test_treats_each_picture_alone),
        (Secretive, CHECKS.test_state_dict_holds_all_that_is_learnt),
        (Fixed, CHECKS.test_the_seed_decides),
    ],
)
def test_a_broken_network_is_caught(
    network: MakeNetwork, check: Callable[[MakeNetwork], None]
) -> None:
    with pytest.raises(AssertionError):
        check(network)
