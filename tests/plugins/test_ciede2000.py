"""Difference of colours: by known pairs, and where it has no answer."""

import pytest
import torch

from nasdip_core.metric import Metric
from nasdip_core.plugins import Plugins


@pytest.fixture
def metric(plugins: Plugins) -> Metric:
    found: Metric = plugins.create("metric", "nasdip:ciede2000")
    return found


def test_black_and_white_are_a_hundred_apart(metric: Metric) -> None:
    black, white = torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    assert metric.measure(black, white) == pytest.approx(100, abs=0.01)
    assert metric.measure(black, black) == 0
    assert not metric.higher_is_better


def test_a_tint_is_less_than_another_colour(metric: Metric) -> None:
    red = torch.tensor([0.8, 0.1, 0.1]).view(1, 3, 1, 1).expand(-1, -1, 4, 4)
    tinted, blue = red + 0.05, red.flip(1)
    near, far = metric.measure(tinted, red), metric.measure(blue, red)
    assert near is not None
    assert far is not None
    assert 0 < near < 5 < far


def test_grey_is_as_its_three_channels(metric: Metric) -> None:
    one, other = torch.rand(2, 1, 1, 5, 5)
    three = [each.expand(-1, 3, -1, -1) for each in (one, other)]
    assert metric.measure(one, other) == pytest.approx(metric.measure(*three))
    assert metric.measure(torch.rand(1, 4, 5, 5), torch.rand(1, 4, 5, 5)) is None
