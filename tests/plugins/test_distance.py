"""Distances of sets of pictures: their values, and folders that cannot be compared."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nasdip_core.architecture.specification import Use
from nasdip_core.errors import NasdipError, PictureError
from nasdip_core.plugins import Plugins
from nasdip_core.step import StepContext
from nasdip_plugins.step.distance import Distance, frechet_distance, kernel_distance


def normal(count: int, mean: float, deviation: float, seed: int) -> torch.Tensor:
    draws = torch.Generator().manual_seed(seed)
    return mean + deviation * torch.randn(count, 3, generator=draws, dtype=torch.float64)


def test_frechet_distance_of_known_distributions() -> None:
    """For independent normal numbers D ((m - n)^2 + (s - t)^2)."""
    found = frechet_distance(normal(40_000, 0.0, 1.0, 0), normal(40_000, 2.0, 3.0, 1))
    assert found == pytest.approx(3 * (4 + 4), rel=0.03)
    same = normal(50, 0.0, 1.0, 0)
    assert frechet_distance(same, same) == pytest.approx(0, abs=1e-8)


def test_kernel_distance_is_unbiased() -> None:
    """Its mean over sets of one kind is 0, and positive over others."""
    same = [kernel_distance(normal(20, 0, 1, i), normal(20, 0, 1, 1000 + i)) for i in range(300)]
    other = [kernel_distance(normal(20, 0, 1, i), normal(20, 1, 1, 1000 + i)) for i in range(300)]
    error = float(np.std(same)) / 300**0.5
    assert abs(float(np.mean(same))) < 4 * error
    assert float(np.mean(other)) > 20 * error


@pytest.fixture
def context(tmp_path: Path, plugins: Plugins) -> tuple[StepContext, list[str]]:
    said: list[str] = []
    return StepContext(tmp_path, tmp_path, plugins, said.append), said


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[str, int, int], None]:
    """What makes a folder of noisy pictures of 40 x 24 about a grey."""

    def make(name: str, count: int, grey: int) -> None:
        (tmp_path / name).mkdir()
        draws = np.random.default_rng(grey)
        for i in range(count):
            samples = draws.integers(grey - 20, grey + 20, (24, 40, 3)).astype(np.uint8)
            Image.fromarray(samples).save(tmp_path / name / f"{i}.png")

    return make


@pytest.mark.parametrize(("crop", "described"), [(None, 4), (8, 60)])
def test_the_nearer_set_is_nearer(
    context: tuple[StepContext, list[str]],
    folder: Callable[[str, int, int], None],
    crop: int | None,
    described: int,
) -> None:
    for name, grey in (("near", 110), ("far", 200), ("wanted", 100)):
        folder(name, 4, grey)
    step = Distance(
        pictures={"near": "near", "far": "far"},
        target="wanted",
        features=Use(uses="multiscale"),
        crop=crop,
    )
    found = json.loads(Path(step.run(context[0])["table"]).read_text())
    assert found["schema"] == "nasdip.distance/1"
    assert found["target"] == described
    for measure in ("frechet", "kernel"):
        assert found["sets"]["near"][measure] < found["sets"]["far"][measure]
    assert len(context[1]) == 2


def test_folders_that_cannot_be_compared(
    context: tuple[StepContext, list[str]], folder: Callable[[str, int, int], None]
) -> None:
    folder("one", 1, 100)
    folder("two", 2, 100)

    def compare(pictures: str, crop: int | None, uses: str = "multiscale") -> None:
        Distance(pictures={"x": pictures}, target="two", features=Use(uses=uses), crop=crop).run(
            context[0]
        )

    for name, crop, says in (
        ("one", None, "holds fewer than two pictures"),
        ("two", 32, "holds fewer than two pictures"),
        ("missing", None, "is no folder"),
    ):
        with pytest.raises(PictureError, match=says):
            compare(name, crop)
    with pytest.raises(NasdipError, match="unknown features 'multi'"):
        compare("two", None, "multi")
