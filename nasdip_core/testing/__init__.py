"""Conformance classes for authors of plugins; nasdip runs them on its own built-ins.

A test class of yours inherits one and gives its fixture:

    class TestMine(UpsamplingConformance):
        @pytest.fixture
        def factory(self) -> type[Upsampling]:
            return Mine

Fixtures for tests of whole plugins are those of `nasdip_core.testing.pytest_plugin`.
"""

import importlib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nasdip_core.testing.activation import ActivationConformance
    from nasdip_core.testing.baseline import BaselineConformance
    from nasdip_core.testing.features import FeaturesConformance
    from nasdip_core.testing.launcher import LauncherConformance
    from nasdip_core.testing.measurement import MeasurementConformance
    from nasdip_core.testing.metric import MetricConformance
    from nasdip_core.testing.network import NetworkConformance
    from nasdip_core.testing.objective import ObjectiveConformance
    from nasdip_core.testing.operator import OperatorConformance
    from nasdip_core.testing.problem import ProblemCase, ProblemConformance
    from nasdip_core.testing.refine import RefineConformance
    from nasdip_core.testing.residual import ResidualConformance
    from nasdip_core.testing.reward import RewardConformance
    from nasdip_core.testing.space import SpaceConformance
    from nasdip_core.testing.step import StepConformance
    from nasdip_core.testing.stopping import StoppingConformance
    from nasdip_core.testing.strategy import StrategyConformance
    from nasdip_core.testing.task import TaskCase, TaskConformance
    from nasdip_core.testing.tracker import TrackerConformance
    from nasdip_core.testing.transform import TransformConformance
    from nasdip_core.testing.upsampling import UpsamplingConformance

__all__ = [
    "ActivationConformance",
    "BaselineConformance",
    "FeaturesConformance",
    "LauncherConformance",
    "MeasurementConformance",
    "MetricConformance",
    "NetworkConformance",
    "ObjectiveConformance",
    "OperatorConformance",
    "ProblemCase",
    "ProblemConformance",
    "RefineConformance",
    "ResidualConformance",
    "RewardConformance",
    "SpaceConformance",
    "StepConformance",
    "StoppingConformance",
    "StrategyConformance",
    "TaskCase",
    "TaskConformance",
    "TrackerConformance",
    "TransformConformance",
    "UpsamplingConformance",
]

# Imported on first use: the fixtures come with every start of pytest, which must stay quick.
_HOMES = {
    name: f"{__name__}.{name.removesuffix('Conformance').removesuffix('Case').lower()}"
    for name in __all__
}
# A failed assertion in these modules is explained like any other.
pytest.register_assert_rewrite(f"{__name__}.module", *sorted(set(_HOMES.values())))


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
