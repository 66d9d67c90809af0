"""Every objective keeps its contract."""

from collections.abc import Callable
from functools import partial

import pytest

from nasdip_core.objective import Objective
from nasdip_core.plugins import Plugins
from nasdip_core.testing import ObjectiveConformance

PLUGINS = Plugins.discover()
NAMES = [r.offer.name for r in PLUGINS.registrations("objective") if r.distribution == "nasdip"]


class TestObjectives(ObjectiveConformance):
    @pytest.fixture(params=NAMES)
    def objective(self, request: pytest.FixtureRequest) -> Callable[[], Objective]:
        registration = PLUGINS.find("objective", request.param)
        model = registration.options()
        assert model is not None
        options = model()
        fields = {name: getattr(options, name) for name in type(options).model_fields}
        return partial(registration.resolve(), PLUGINS, **fields)
