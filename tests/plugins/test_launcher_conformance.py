"""Every launcher keeps its contract."""

import pytest

from nasdip_core.launcher import Launcher
from nasdip_core.plugins import Plugins
from nasdip_core.testing import LauncherConformance


class TestLocal(LauncherConformance):
    @pytest.fixture
    def launcher(self, plugins: Plugins) -> Launcher:
        made: Launcher = plugins.create("launcher", "local")
        return made
