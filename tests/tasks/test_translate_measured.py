"""The way back from a damaged picture, by what is learnt already and by pairs side by side."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nasdip_core import restore
from nasdip_core.architecture.assemble import assemble
from nasdip_core.architecture.named import find_architecture
from nasdip_core.errors import OptionError
from nasdip_core.options import parse
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins
from nasdip_core.weights import save_weights


@pytest.fixture
def weights(tmp_path: Path, plugins: Plugins) -> str:
    """A translator as a run would have left it."""
    named = find_architecture("fast-translate", plugins)
    network = assemble(named.architecture, 3, plugins, in_channels=3)
    save_weights(tmp_path / "w.safetensors", network.state_dict(), named, "translate")
    return str(tmp_path / "w.safetensors")


def target(plugins: Plugins, **task: Any) -> str | None:
    """Return the target of a run on a damaged picture."""
    given = {"picture": "sample:chelsea", "corrupt": {"look": "grey"}, "task": task}
    resolved = resolve("translate", parse(RestoreRequest, given, ""), plugins, Path())
    found: str | None = resolved.document("")["steps"][0]["with"]["task"]["target"]
    return found


def test_a_target_is_implied_where_one_is_learnt(weights: str, plugins: Plugins) -> None:
    assert target(plugins) == "sample:coffee"
    assert target(plugins, target="sample:brick") == "sample:brick"
    assert target(plugins, weights=weights) is None
    with pytest.raises(OptionError, match="weights are applied as they are"):
        target(plugins, weights=weights, target="sample:coffee")


def test_a_trained_translator_is_measured(waves_file: Path, weights: str) -> None:
    options = {"task.weights": weights, "corrupt.look": "grey"}
    done = restore(waves_file, "translate", options=options)
    assert done.quality is not None
    assert done.quality["self_stopped"]["psnr"] > 0


@pytest.mark.parametrize("pairs", ["left-right", "right-left"])
def test_pairs_side_by_side_are_measured(
    pairs: str, waves: np.ndarray, waves_file: Path, tmp_path: Path
) -> None:
    beside = tmp_path / "pair.png"
    Image.fromarray(np.concatenate([waves, waves], axis=1)).save(beside)
    options = {"task.source": str(beside), "task.pairs": pairs, "corrupt.look": "grey"}
    small = {"task.crop": 32, "task.critic_width": 4, "fit.steps": 1}
    done = restore(waves_file, "translate", arch="fast-translate", options={**options, **small})
    assert done.quality is not None
    assert done.quality["self_stopped"]["psnr"] > 0
