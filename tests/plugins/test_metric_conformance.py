"""Every metric keeps its contract, and the conformance class catches one that tells nothing."""

import pytest
from torch import Tensor

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


class Higher(Metric):
    """Finds all pictures alike."""

    def measure(self, picture: Tensor, truth: Tensor | None) -> float:
        return 0.5


class Lower(Higher):
    """And would like them worse."""

    higher_is_better = False


class Unaided(Higher):
    """And needs no truth for that."""

    needs_truth = False


@pytest.mark.parametrize("constant", [Higher, Lower, Unaided])
def test_a_constant_is_caught(constant: type[Metric]) -> None:
    with pytest.raises(AssertionError):
        MetricConformance().test_prefers_the_better_picture(constant())
