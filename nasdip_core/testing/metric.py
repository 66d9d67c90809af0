"""What a `metric` plugin has to do."""

import math

import pytest
import torch
from torch import Tensor

from nasdip_core.metric import Metric
from nasdip_core.testing.module import picture


class MetricConformance:
    """Inherit, and return your metric from the fixture `metric`."""

    @pytest.mark.parametrize("channels", [1, 3, 4])
    @pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 3), (32, 32)], ids=str)
    def test_measures_any_picture(
        self, metric: Metric, size: tuple[int, int], channels: int
    ) -> None:
        """A finite number, or None where there is none."""
        truth = _truth(channels, size)
        for seen in (_off(truth, 0.1), torch.zeros_like(truth), truth):
            value = metric.measure(seen, _given(metric, truth))
            assert value is None or (isinstance(value, float) and math.isfinite(value))

    def test_has_an_answer_for_some_picture(self, metric: Metric) -> None:
        """A picture of 48 x 48 with noise, grey or RGB, can be measured."""
        truths = [_truth(channels, (48, 48)) for channels in (1, 3)]
        values = [metric.measure(_off(truth, 0.1), _given(metric, truth)) for truth in truths]
        assert any(value is not None for value in values)

    def test_prefers_the_better_picture(self, metric: Metric) -> None:
        """A picture near the truth is another one than one that is far: better, if it is told both.

        Without a truth it may have an idea of quality of its own.
        """
        truth = _truth(3, (48, 48))
        near, far = (
            metric.measure(_off(truth, error), _given(metric, truth)) for error in (0.02, 0.3)
        )
        if metric.needs_truth:
            assert near is not None
            assert far is not None
            assert near != far
            assert (near > far) == metric.higher_is_better
        else:
            assert near is None or near != far

    def test_leaves_what_it_sees_alone(self, metric: Metric) -> None:
        """Nothing is changed or drawn: twice, the same."""
        truth = _truth(3, (48, 48))
        seen = _off(truth, 0.1)
        before, clean, state = seen.clone(), truth.clone(), torch.get_rng_state()
        first = metric.measure(seen, _given(metric, truth))
        assert metric.measure(seen, _given(metric, truth)) == first
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.equal(seen, before)
        assert torch.equal(truth, clean)


def _given(metric: Metric, truth: Tensor) -> Tensor | None:
    return truth if metric.needs_truth else None


def _truth(channels: int, size: tuple[int, int]) -> Tensor:
    """Return waves, (1, C, H, W) in [0.25, 0.75]."""
    y, x = torch.meshgrid(torch.arange(size[0]), torch.arange(size[1]), indexing="ij")
    phase = torch.arange(channels)[:, None, None]
    return (0.5 + 0.25 * torch.sin(0.4 * x + 0.2 * y + phase))[None]


def _off(truth: Tensor, error: float) -> Tensor:
    return (truth + error * picture(*truth.shape)).clamp(0, 1)
