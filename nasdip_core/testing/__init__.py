"""Conformance classes for authors of plugins; nasdip runs them on its own built-ins.

A test class of yours inherits one and gives its fixture:

    class TestMine(UpsamplingConformance):
        @pytest.fixture
        def factory(self) -> type[Upsampling]:
            return Mine
"""

import pytest

# Ahead of the imports, so that a failed assertion in these modules is explained like any other.
pytest.register_assert_rewrite(
    "nasdip_core.testing.module",
    "nasdip_core.testing.activation",
    "nasdip_core.testing.operator",
    "nasdip_core.testing.refine",
    "nasdip_core.testing.residual",
    "nasdip_core.testing.reward",
    "nasdip_core.testing.space",
    "nasdip_core.testing.stopping",
    "nasdip_core.testing.strategy",
    "nasdip_core.testing.task",
    "nasdip_core.testing.transform",
    "nasdip_core.testing.upsampling",
)

from nasdip_core.testing.activation import ActivationConformance  # noqa: E402 (see above)
from nasdip_core.testing.operator import OperatorConformance  # noqa: E402
from nasdip_core.testing.refine import RefineConformance  # noqa: E402
from nasdip_core.testing.residual import ResidualConformance  # noqa: E402
from nasdip_core.testing.reward import RewardConformance  # noqa: E402
from nasdip_core.testing.space import SpaceConformance  # noqa: E402
from nasdip_core.testing.stopping import StoppingConformance  # noqa: E402
from nasdip_core.testing.strategy import StrategyConformance  # noqa: E402
from nasdip_core.testing.task import TaskCase, TaskConformance  # noqa: E402
from nasdip_core.testing.transform import TransformConformance  # noqa: E402
from nasdip_core.testing.upsampling import UpsamplingConformance  # noqa: E402

__all__ = [
    "ActivationConformance",
    "OperatorConformance",
    "RefineConformance",
    "ResidualConformance",
    "RewardConformance",
    "SpaceConformance",
    "StoppingConformance",
    "StrategyConformance",
    "TaskCase",
    "TaskConformance",
    "TransformConformance",
    "UpsamplingConformance",
]
