"""Segmentation: the guess, the hints, and the layers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from nasdip_core.errors import OptionError
from nasdip_core.imaging.read import read_picture
from nasdip_core.pipeline.api import restore
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem
from nasdip_core.task import Inputs
from nasdip_core.testing import TaskCase, TaskConformance
from nasdip_tasks.segment.options import SegmentCorruption, SegmentOptions
from nasdip_tasks.segment.problem import SegmentProblem, salience
from nasdip_tasks.segment.task import Segment

TASK = Segment(Plugins.discover())


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def problem(picture: Tensor, mask: Tensor | None = None) -> SegmentProblem:
    found = TASK.problem(Inputs(picture, mask=mask), SegmentOptions(), draws())
    assert isinstance(found, SegmentProblem)
    return found


class TestContract(TaskConformance):
    @pytest.fixture
    def case(self) -> TaskCase:
        clean = torch.rand(1, 3, 16, 16, generator=draws(9))
        # A blob of a few pixels: the background alone explains nearly all.
        corruption = SegmentCorruption(size=0.1)
        return TaskCase(TASK, SegmentOptions(), corruption, clean, loss=(0.0, 0.05))

    def outputs(self, problem: Problem, picture: Tensor) -> Mapping[str, Tensor]:
        return {
            "background": picture,
            "foreground": torch.full_like(picture, 0.5),
            "segment": torch.full_like(picture[:, :1], 0.1),
        }


def test_a_disc_on_a_plain_ground_is_salient() -> None:
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    disc = torch.from_numpy((y**2 + x**2 < 0.25).astype(np.float32))
    picture = torch.stack([0.2 + 0.6 * disc, 0.3 + 0 * disc, 0.7 - 0.5 * disc])[None]
    found = salience(picture)[0, 0]
    assert found[disc > 0].mean() > 0.9
    assert found[disc == 0].mean() < 0.15


def test_hints_overrule_the_guess() -> None:
    picture = read_picture("sample:coffee").tensor()[..., :40, :60]
    hints = torch.full((1, 1, 40, 60), 0.5)
    hints[..., :5, :5], hints[..., 20:25, 20:25] = 1.0, 0.0
    found = problem(picture, hints)
    assert bool((found.guess[..., :5, :5] == 1).all())
    assert bool((found.guess[..., 20:25, 20:25] == 0).all())
    mask = torch.full((1, 1, 40, 60), 0.5)
    layers = {"background": picture, "foreground": picture, "segment": mask}
    agreeing = {**layers, "segment": torch.where(hints == 0.5, mask, hints)}
    assert float(found.penalty(agreeing, 1)) < float(found.penalty(layers, 1))


def test_the_weight_of_no_hints_is_refused() -> None:
    picture, options = torch.rand(1, 3, 16, 16, generator=draws()), SegmentOptions(hints=3)
    with pytest.raises(OptionError, match=r"'task\.hints' = 3\.0: it does nothing without a mask"):
        TASK.problem(Inputs(picture), options, draws())
    TASK.problem(Inputs(picture, mask=picture[:, :1]), options, draws())


def test_the_blob_is_where_the_picture_changes() -> None:
    clean = read_picture("sample:coffee").tensor()[..., :80, :100]
    damaged = TASK.corrupt(clean, SegmentCorruption(size=0.4), draws())
    changed = (damaged.picture != clean).any(dim=1)
    assert 0.05 < float(changed.float().mean()) < 0.25


def test_a_run_writes_mask_and_layers(
    tmp_path: Path, waves: np.ndarray, tiny: dict[str, Any], plugins: Plugins
) -> None:
    options = {"fit.steps": 3, "corrupt.size": 0.4}
    done = restore(waves, "segment", arch=tiny, options=options, output=tmp_path / "o")
    assert list(done.pictures) == ["restored", "segment", "foreground"]
    assert done.pictures["segment"].channels == 1
    assert all((tmp_path / "o" / f"{name}.png").is_file() for name in done.pictures)
