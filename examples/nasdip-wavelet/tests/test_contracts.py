"""Everything that is offered keeps its contract."""

import pytest
import torch
from nasdip_wavelet import dyadic
from nasdip_wavelet.haar import InverseHaar
from nasdip_wavelet.octaves import Octaves
from nasdip_wavelet.options import StarletCorruption, StarletOptions
from nasdip_wavelet.starlet import Starlet
from nasdip_wavelet.task import StarletTask

from nasdip_core import Plugins
from nasdip_core.architecture.ops import ResidualPattern, Upsampling
from nasdip_core.operators import LinearOperator
from nasdip_core.strategy import Strategy
from nasdip_core.testing import (
    OperatorConformance,
    ResidualConformance,
    StrategyConformance,
    TaskCase,
    TaskConformance,
    UpsamplingConformance,
)


class TestInverseHaar(UpsamplingConformance):
    @pytest.fixture
    def factory(self) -> type[Upsampling]:
        return InverseHaar


class TestDyadic(ResidualConformance):
    @pytest.fixture(params=[0, 1, 9])
    def pattern(self, request: pytest.FixtureRequest) -> ResidualPattern:
        return lambda levels: dyadic.pattern(levels, reach=request.param)


class TestStarlet(OperatorConformance):
    @pytest.fixture
    def size(self) -> tuple[int, int]:
        return (12, 9)

    @pytest.fixture
    def operator(self, size: tuple[int, int]) -> LinearOperator:
        return Starlet(size, planes=2)


class TestStarletTask(TaskConformance):
    @pytest.fixture
    def case(self) -> TaskCase:
        clean = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
        options, corruption = StarletOptions(planes=1), StarletCorruption(planes=1, noise=0.0)
        return TaskCase(StarletTask(Plugins()), options, corruption, clean)


class TestOctaves(StrategyConformance):
    @pytest.fixture
    def strategy(self) -> Strategy:
        return Octaves(trials=4)
