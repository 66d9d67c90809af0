"""Separation of layers: mixtures, their shares, and what tells the layers apart."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from nasdip_core.errors import PictureError
from nasdip_core.imaging.read import read_picture
from nasdip_core.mixture import exclusion, steepness
from nasdip_core.pipeline.api import restore
from nasdip_core.pipeline.sources import Sources
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem, Step
from nasdip_core.task import Inputs
from nasdip_core.testing import TaskCase, TaskConformance
from nasdip_tasks.separate.options import SeparateCorruption, SeparateOptions
from nasdip_tasks.separate.problem import SeparateProblem, Shares
from nasdip_tasks.separate.task import Separate

TASK = Separate(Plugins.discover())
DAMAGE = SeparateCorruption(share=0.7, second=0.3)


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_true_layers_explain_both_mixtures() -> None:
    clean = read_picture("sample:astronaut").tensor()[..., :40, :60]
    damaged = TASK.corrupt(clean, DAMAGE, draws())
    inputs = Inputs(damaged.picture, guide=damaged.guide)
    problem = TASK.problem(inputs, SeparateOptions(exclusion=0), draws())
    assert isinstance(problem, SeparateProblem)
    other = (damaged.picture - 0.7 * clean) / 0.3
    shares = torch.tensor([0.7, 0.3]).view(2, 1, 1, 1)
    layers = {"first": clean, "second": other, "shares": shares}
    loss = problem.players[0].loss(Step(1, {}, layers.__getitem__, None, draws()))
    assert float(loss) < 1e-9
    swapped = {"first": other, "second": clean, "shares": shares}
    assert float(problem.players[0].loss(Step(1, {}, swapped.__getitem__, None, draws()))) > 1e-3


class TestContract(TaskConformance):
    @pytest.fixture
    def case(self) -> TaskCase:
        clean = torch.rand(1, 3, 16, 16, generator=draws(9))
        # The other layer is unknown here: the truth alone explains what it has a share in.
        options = SeparateOptions(exclusion=0.0)
        return TaskCase(TASK, options, DAMAGE, clean, loss=(0.0, 1e-6))

    def outputs(self, problem: Problem, picture: Tensor) -> Mapping[str, Tensor]:
        assert isinstance(problem, SeparateProblem)
        one, two = problem.measured
        # The layer beside the true first one: 0.4 R = 0.7 I_2 - 0.3 I_1.
        other = ((0.7 * two - 0.3 * one) / 0.4)[None].detach()
        shares = torch.tensor([0.7, 0.3]).view(2, 1, 1, 1)
        return {"first": picture, "second": other, "shares": shares}

    def test_what_is_held_out_is_in_no_loss(self, case: TaskCase, step: Any) -> None:
        """With layers that do not come from the mixtures."""
        inputs = case.inputs()
        layers = {
            "first": torch.rand(1, 3, 16, 16, generator=draws(1)),
            "second": torch.rand(1, 3, 16, 16, generator=draws(2)),
            "shares": torch.full((2, 1, 1, 1), 0.5),
        }

        def judged(picture: Tensor) -> tuple[float, float | None]:
            problem = case.problem(Inputs(picture, guide=inputs.guide))
            problem.hold_out(0.3, draws(4))
            made = Step(1, {}, layers.__getitem__, None, draws())
            loss = float(problem.players[0].loss(made))
            return loss, problem.validation(problem.estimate(made))

        before, fitted, kept = judged(inputs.picture), 0, 0
        for place in range(0, 256, 5):
            changed = inputs.picture.clone()
            changed[..., place // 16, place % 16] += 0.01
            loss, validation = judged(changed)
            assert (loss == before[0]) != (validation == before[1])
            fitted += loss != before[0]
            kept += validation != before[1]
        assert fitted > 0
        assert kept > 0


def test_common_edges_are_told_from_others() -> None:
    upright, level = torch.zeros(2, 1, 1, 32, 32)
    upright[..., 16:] = 1
    level[..., 16:, :] = 1
    apart, same = float(exclusion(upright, level)), float(exclusion(upright, 1 - upright))
    assert apart < 0.2 * same
    down, across = steepness(torch.rand(1, 1, 1, 1))
    assert float(down) == float(across) == 0


def test_the_first_mixture_has_more_of_the_first_layer() -> None:
    shares = Shares(3)(torch.zeros(1)).flatten()
    assert shares[0] > 0.5 > shares[1] == shares[2]
    assert Shares(1)(torch.zeros(1)).item() == 0.5


def test_other_mixtures_come_from_files(tmp_path: Path, waves: np.ndarray) -> None:
    Image.fromarray(waves).save(tmp_path / "second.png")
    Image.fromarray(waves[:, :20]).save(tmp_path / "narrow.png")
    picture = torch.rand(1, 3, 24, 32)
    located = SeparateOptions(others=["second.png"]).located(tmp_path)
    found = TASK.problem(Inputs(picture), located, draws())
    assert isinstance(found, SeparateProblem)
    assert found.measured.shape == (2, 3, 24, 32)
    assert not found.notes
    narrow = SeparateOptions(others=["narrow.png"]).located(tmp_path)
    with pytest.raises(PictureError, match="20 x 24 pixels of 3 channels"):
        TASK.problem(Inputs(picture), narrow, draws())
    assert "one mixture" in TASK.problem(Inputs(picture), SeparateOptions(), draws()).notes[0]


def test_floats_of_several_ranges_are_no_mixtures_of_the_same_layers(tmp_path: Path) -> None:
    mixtures = np.random.default_rng(0).random((2, 8, 9, 3), np.float32)
    paths = [str(tmp_path / f"{i}.npy") for i in range(2)]
    options = {"others": [paths[1]]}
    for factors, said in (((2, 3), "0 to 1.9.*, 0 to 2.9"), ((2, 1), "0 to 1, 0 to 1.9")):
        for path, mixture, factor in zip(paths, mixtures, factors, strict=True):
            np.save(path, mixture * factor)
        inputs = Sources(read_picture(paths[0]), None, None, None).inputs()
        with pytest.raises(PictureError, match=said):
            TASK.problem(inputs, SeparateOptions.model_validate(options), draws())
    mixtures[:, 0, 0] = 2.5
    for path, mixture in zip(paths, mixtures, strict=True):
        np.save(path, mixture)
    inputs = Sources(read_picture(paths[0]), None, None, None).inputs()
    TASK.problem(inputs, SeparateOptions.model_validate(options), draws())


def test_a_run_writes_both_layers(
    tmp_path: Path, waves: np.ndarray, tiny: dict[str, Any], plugins: Plugins
) -> None:
    options = {"fit.steps": 3, "corrupt.share": 0.6}
    done = restore(waves, "separate", arch=tiny, options=options, output=tmp_path / "o")
    assert list(done.pictures) == ["restored", "other"]
    assert all((tmp_path / "o" / f"{name}.png").is_file() for name in done.pictures)
