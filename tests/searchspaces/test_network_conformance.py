"""Every network that is no U-Net keeps its contract."""

from functools import partial

import pytest

from nasdip_core.plugins import Plugins
from nasdip_core.testing import NetworkConformance
from nasdip_core.testing.network import MakeNetwork

PLUGINS = Plugins.discover()
NAMES = [r.offer.name for r in PLUGINS.registrations("network") if r.distribution == "nasdip"]


class TestNetworks(NetworkConformance):
    @pytest.fixture(params=NAMES)
    def network(self, request: pytest.FixtureRequest) -> MakeNetwork:
        registration = PLUGINS.find("network", request.param)
        model = registration.options()
        assert model is not None
        options = model()
        return partial(
            registration.resolve(),
            **{name: getattr(options, name) for name in type(options).model_fields},
        )
