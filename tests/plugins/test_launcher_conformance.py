"""Every launcher keeps its contract."""

import pytest

from nasdip_core.launcher import Launcher, chosen_launcher
from nasdip_core.plugins import Plugins
from nasdip_core.testing import LauncherConformance


class TestProcesses(LauncherConformance):
    @pytest.fixture
    def launcher(self, plugins: Plugins) -> Launcher:
        return chosen_launcher({}, plugins)


class TestRay(LauncherConformance):
    @pytest.fixture
    def launcher(self, plugins: Plugins) -> Launcher:
        pytest.importorskip("ray", reason="Ray is not installed")
        return chosen_launcher({"launcher": {"uses": "ray", "with": {"cpus": 0.5}}}, plugins)
