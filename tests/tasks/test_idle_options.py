"""Options that do nothing beside others are refused; a run that spells all of them out is not."""

from pathlib import Path
from typing import Any

import pytest

from nasdip_core.errors import OptionError
from nasdip_core.options import parse
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.plugins import Plugins


def resolved(task: str, plugins: Plugins, given: dict[str, Any]) -> Resolved:
    request = parse(RestoreRequest, {"picture": "sample:camera", **given}, "")
    return resolve(task, request, plugins, Path())


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("denoise", {"task": {"gain": 4.0}}, "'task': gain does nothing with noise=gaussian"),
    ("denoise", {"task": {"noise": "outliers", "sigma": 5}}, "sigma does nothing with noise=outl"),
    ("denoise", {"task": {"noise": "salt-and-pepper", "gain": 5}}, "gain does nothing with noise"),
    ("denoise", {"corrupt": {"gain": 9}}, "'corrupt': gain does nothing with noise=gaussian"),
    ("denoise", {"corrupt": {"amount": 0.3}}, "amount does nothing with noise=gaussian"),
    ("denoise", {"corrupt": {"noise": "outliers", "sigma": 5}}, "'corrupt': sigma does nothing"),
    # What the damage implies counts as said.
    ("denoise", {"corrupt": {"noise": "outliers"}, "task": {"sigma": 5}}, "'task': sigma does"),
    ("deblur", {"task": {"length": 9}}, "length does nothing with kernel=unknown"),
    ("deblur", {"task": {"kernel": "motion", "width": 3}}, "width does nothing with kernel=motion"),
    ("deblur", {"task": {"kernel": "gaussian", "angle": 3}}, "angle does nothing with kernel=gau"),
    ("deblur", {"task": {"kernel": "k.png", "width": 3}}, "width does nothing with kernel=k.png"),
    ("deblur", {"corrupt": {}, "task": {"side": 31}}, "side does nothing with kernel=gaussian"),
    ("deblur", {"corrupt": {"length": 30}}, "'corrupt': length does nothing with kernel=gaussian"),
    ("deblur", {"corrupt": {"kernel": "motion", "width": 3}}, "'corrupt': width does nothing with"),
    ("separate", {"task": {"shared": "watermark", "exclusion": 1}}, "exclusion does nothing with"),
    ("separate", {"corrupt": {"opacity": 0.3}}, "opacity does nothing with shared=both"),
    ("separate", {"corrupt": {"album": ["a.png"]}}, "album does nothing with shared=both"),
    ("separate", {"corrupt": {"shared": "watermark", "share": 0.6}}, "share does nothing with"),
    ("translate", {"task": {"weights": "w", "pairs": "grey"}}, "pairs does nothing with weights"),
    ("translate", {"task": {"weights": "w", "crop": 64}}, "crop does nothing with weights"),
    ("translate", {"task": {"weights": "w", "distance": 1}}, "distance does nothing with weights"),
    ("translate", {"task": {"distance": 1}}, "distance does nothing with pairs=none"),
    ("translate", {"task": {"pairs": "names", "cycle": 1}}, "cycle does nothing with pairs=names"),
    ("translate", {"task": {"pairs": "grey", "identity": 0}}, "identity does nothing with pairs=g"),
]


@pytest.mark.parametrize(("task", "given", "said"), REFUSED, ids=str)
def test_are_refused(task: str, given: dict[str, Any], said: str, plugins: Plugins) -> None:
    with pytest.raises(OptionError, match=said):
        resolved(task, plugins, given)


@pytest.mark.parametrize(
    ("task", "given"),
    [
        *[
            ("denoise", {"corrupt": {"noise": noise}})
            for noise in ("gaussian", "poisson-gaussian", "salt-and-pepper", "outliers")
        ],
        ("denoise", {"task": {"noise": "poisson-gaussian", "gain": 4, "sigma": 10}}),
        *[("deblur", {"task": {"kernel": name}}) for name in ("unknown", "motion", "k.png")],
        ("deblur", {"corrupt": {"kernel": "motion", "length": 9}}),
        ("deblur", {"corrupt": {"kernel": "motion", "length": 9}, "task": {"kernel": "unknown"}}),
        *[("separate", {"corrupt": {"shared": shared}}) for shared in ("both", "watermark")],
        ("translate", {"corrupt": {}}),
    ],
    ids=str,
)
def test_what_a_run_writes_is_taken_back(
    task: str, given: dict[str, Any], plugins: Plugins
) -> None:
    first = resolved(task, plugins, given)
    (step,) = first.document("again")["steps"]
    again = resolved(task, plugins, step["with"])
    assert again.task == first.task
    assert again.corrupt == first.corrupt


def test_a_damage_tells_of_its_own_kernel_alone(plugins: Plugins) -> None:
    """A demonstration or a damage by another kernel leaves nothing behind."""
    motion = {"kernel": "motion", "length": 9.0}
    for asked, length in (({}, 9.0), ({"kernel": "motion"}, 9.0), ({"kernel": "unknown"}, 15.0)):
        found = resolved("deblur", plugins, {"corrupt": motion, "task": asked}).task
        assert found.model_dump()["length"] == length
    shown = parse(RestoreRequest, {"corrupt": {"kernel": "gaussian", "width": 3.0}}, "")
    assert resolve("deblur", shown, plugins, Path()).task.model_dump()["kernel"] == "gaussian"
