"""Fixtures for the tests of tasks: a network and fits of a second."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nasdip_core.pipeline.api import restore
from nasdip_core.pipeline.restore import Restored
from nasdip_core.plugins import Plugins

sys.path.insert(0, str(Path(__file__).parent))  # for what several files of tests import

RESULT = {
    "schema",
    "task",
    "architecture",
    "seed",
    "device",
    "iterations",
    "seconds",
    "peak_memory_bytes",
    "outputs",
    "fits",
    "stopping",
    "quality",
}


@pytest.fixture
def tiny() -> dict[str, Any]:
    """An architecture of two levels and few channels."""
    return {
        "architecture": {
            "levels": 2,
            "input": {"channels": 4},
            "encoder": {"widths": 8, "convolutions": 1},
            "decoder": {"widths": 8},
            "skip": {"widths": 2},
        }
    }


@pytest.fixture
def brief(plugins: Plugins, tiny: dict[str, Any]) -> Callable[..., Restored]:
    """What restores with three steps of the tiny network and checks the form of the result."""

    def run(
        picture: np.ndarray, task: str, options: dict[str, Any] | None = None, **given: Any
    ) -> Restored:
        restored = restore(
            picture,
            task=task,
            arch=tiny,
            device="cpu",
            options={"fit.steps": 3, "fit.report_every": 1, **(options or {})},
            plugins=plugins,
            **given,
        )
        result = restored.result
        assert result.keys() >= RESULT
        assert result["schema"] == "nasdip.result/1"
        assert result["task"] == task
        assert result["iterations"] == 3
        assert 1 <= result["stopping"]["iteration"] <= 3
        assert len(result["fits"]) == 1
        assert list(restored.pictures) == ["restored"]
        colour = restored.picture.colour
        assert colour.dtype == picture.dtype
        assert colour.std() > 0
        return restored

    return run


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, Path]:
    """Folders of dark blue and of bright red stripes, and beside them the pairs of both."""
    line = np.arange(40) / 5
    made = []
    for name, colour, base in (("blue", 2, 40), ("red", 0, 160)):
        folder = tmp_path / name
        folder.mkdir()
        for i in range(3):
            samples = np.full((36, 40, 3), base, np.uint8)
            samples[..., colour] = (base + 40 + 30 * np.sin(line + i)).astype(np.uint8)
            Image.fromarray(samples).save(folder / f"{i}.png")
        made.append(folder)
    (tmp_path / "pairs").mkdir()
    for i in range(3):
        halves = [np.asarray(Image.open(folder / f"{i}.png")) for folder in made]
        Image.fromarray(np.concatenate(halves, axis=1)).save(tmp_path / "pairs" / f"{i}.png")
    return made[0], made[1]


@pytest.fixture(params=["grey", "grey-alpha", "rgb", "rgba"])
def array(request: pytest.FixtureRequest, waves: np.ndarray) -> np.ndarray:
    """A 24 x 32 picture, uint8, of each number of channels; its alpha has a soft edge."""
    alpha = np.full(waves.shape[:2], 255, np.uint8)
    alpha[:, :2] = 180
    grey = waves[..., 0]
    arrays = {
        "grey": grey,
        "grey-alpha": np.dstack([grey, alpha]),
        "rgb": waves,
        "rgba": np.dstack([waves, alpha]),
    }
    found: np.ndarray = arrays[request.param]
    return found
