"""How a request resolves."""

from pathlib import Path
from typing import Any

from nasdip_core.hooks import API_VERSION, Offer
from nasdip_core.options import parse
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.resolved import Resolved, run_name
from nasdip_core.plugins import Plugins


def resolved(task: str, plugins: Plugins, **content: Any) -> Resolved:
    request = parse(RestoreRequest, {"picture": "sample:camera", **content}, "")
    return resolve(task, request, plugins, Path())


def test_a_task_named_with_its_distribution_is_the_same_task(plugins: Plugins) -> None:
    for words in ({}, {"preset": "balanced"}, {"arch": "dip"}, {"seconds": 60}):
        short, long = (resolved(name, plugins, **words) for name in ("denoise", "nasdip:denoise"))
        assert long.task_name == "nasdip:denoise"
        assert long.document("x")["steps"][0]["with"] == short.document("x")["steps"][0]["with"]
        assert len(long.alternatives) == len(short.alternatives) == 3 * ("seconds" in words)
        assert run_name(long) == "camera-denoise"
    assert resolved("nasdip:denoise", plugins, preset="balanced").recipe.refine


def test_a_preset_that_cannot_be_loaded_is_none(
    nasdip_throwaway: Any, nasdip_plugins: Plugins
) -> None:
    later = (API_VERSION[0] + 1, 0)
    nasdip_throwaway(Offer("architecture", "best-dehaze", "of tomorrow", resource="a:b", api=later))
    found = resolved("dehaze", nasdip_plugins, seconds=60)
    assert [each.arch.name for each in found.alternatives] == ["fast-dehaze", "balanced-dehaze"]
