"""Every baseline keeps its contract."""

from typing import Any

import pytest
from torch import Tensor

from nasdip_core.baseline import Baseline
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem
from nasdip_core.testing import BaselineConformance
from nasdip_core.testing.baseline import MakeProblem

PLUGINS = Plugins.discover()


def of_task(task: str) -> list[str]:
    """Return the built-in baselines that serve a task."""
    return [
        r.offer.name
        for r in PLUGINS.registrations("baseline")
        if r.distribution == "nasdip" and task in r.resolve().tasks
    ]


class TestDenoisers(BaselineConformance):
    @pytest.fixture(params=of_task("denoise"))
    def baseline(self, request: pytest.FixtureRequest) -> Baseline[Any]:
        made: Baseline[Any] = PLUGINS.create("baseline", request.param)
        return made


class TestEnlargers(BaselineConformance):
    @pytest.fixture(params=of_task("super-resolution"))
    def baseline(self, request: pytest.FixtureRequest) -> Baseline[Any]:
        made: Baseline[Any] = PLUGINS.create("baseline", request.param)
        return made

    @pytest.fixture
    def problem_of(self) -> MakeProblem:
        def make(clean: Tensor, truth: Tensor | None) -> RestorationProblem:
            size = (int(clean.shape[-2]), int(clean.shape[-1]))
            operator = PLUGINS.create("operator", "area", size, 4)
            return RestorationProblem(
                operator.forward(clean), operator=operator, size=size, truth=truth
            )

        return make


def test_nothing_is_left_out() -> None:
    assert set(of_task("denoise")) >= {"non-local-means", "total-variation", "wavelet"}
    assert set(of_task("super-resolution")) >= {"bicubic", "lanczos"}
