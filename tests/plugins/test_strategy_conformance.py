"""Every built-in strategy keeps the contract."""

import pytest

from nasdip_core.options import Options, parse
from nasdip_core.plugins import Plugins
from nasdip_core.strategy import Strategy
from nasdip_core.testing import StrategyConformance

# Small populations and few random trials first, so that what is special about each is reached.
OPTIONS = {
    "reinforce": {"hidden": 8, "batch": 4, "rate": 0.1},
    "random": {},
    "evolution": {"population": 6, "sample": 3},
    "local-search": {"starts": 3},
    "tpe": {"startup": 5},
    "gp": {"startup": 10},
    "nsga-ii": {"population": 5},
}


@pytest.mark.parametrize("name", OPTIONS)
class TestBuiltIn(StrategyConformance):
    @pytest.fixture
    def strategy(self, plugins: Plugins, name: str) -> Strategy:
        registration = plugins.find("strategy", f"nasdip:{name}")
        options = parse(registration.options() or Options, OPTIONS[name], name)
        made: Strategy = registration.resolve()(**options.model_dump())
        return made
