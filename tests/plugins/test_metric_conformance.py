"""Every metric keeps its contract."""

import pytest

from nasdip_core.metric import Metric
from nasdip_core.plugins import Plugins
from nasdip_core.testing import MetricConformance

PLUGINS = Plugins.discover()
NAMES = [r.offer.name for r in PLUGINS.registrations("metric") if r.distribution == "nasdip"]


class TestMetrics(MetricConformance):
    @pytest.fixture(params=NAMES)
    def metric(self, request: pytest.FixtureRequest) -> Metric:
        made: Metric = PLUGINS.create("metric", request.param)
        return made
