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
        made = PLUGINS.find("objective", request.param).made
        return partial(made, {}, "objective.with", PLUGINS)
