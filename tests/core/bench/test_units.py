"""What a bench compares."""

from pathlib import Path

from nasdip_core.bench.units import looked_up
from nasdip_core.plugins import Plugins


def method(task: str, name: str, plugins: Plugins) -> object:
    (found,), _ = looked_up(
        task, {}, plugins, archs=[], presets=[], baselines=[name], metrics=[], base=Path()
    )
    return found


def test_a_task_named_with_its_distribution_has_its_baselines(plugins: Plugins) -> None:
    for name in ("wavelet", "collaborative"):
        assert method("nasdip:denoise", name, plugins) == method("denoise", name, plugins)
