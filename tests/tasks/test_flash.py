"""Flash and no-flash: the network sees one picture and fits the other."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from nasdip_core.errors import PictureError
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.metrics import psnr
from nasdip_core.imaging.read import read_picture
from nasdip_core.imaging.write import write_picture
from nasdip_core.pipeline.restore import Restored
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Inputs
from nasdip_core.testing import TaskCase, TaskConformance
from nasdip_core.tiles import Tile
from nasdip_tasks.flash.options import FlashCorruption, FlashOptions
from nasdip_tasks.flash.task import Flash, flashed

TASK = Flash(Plugins.discover())


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


class TestContract(TaskConformance):
    @pytest.fixture
    def case(self) -> TaskCase:
        return TaskCase(
            task=TASK,
            options=FlashOptions(sigma=10.0),
            corruption=FlashCorruption(sigma=10.0),
            clean=0.3 + 0.4 * rand(1, 3, 16, 16),
            loss=(0.85, 1.15),
        )

    def outputs(self, problem: Problem, picture: Tensor) -> Mapping[str, Tensor]:
        """Return the light that is all offset."""
        return {"light": torch.cat([torch.zeros_like(picture), (picture + 1) / 2], dim=1)}


def test_the_network_sees_the_flash(tmp_path: Path) -> None:
    flash = np.arange(8 * 10 * 3, dtype=np.uint8).reshape(8, 10, 3)
    write_picture(picture_of(flash), tmp_path / "flash.png")
    options = FlashOptions(flash=str(tmp_path / "flash.png"))
    problem = TASK.problem(Inputs(rand(1, 3, 8, 10)), options, torch.Generator())
    assert isinstance(problem, RestorationProblem)
    expected = torch.from_numpy(flash / 255).float().permute(2, 0, 1)[None]
    guide = problem.slots["light"].guide
    assert guide is not None
    torch.testing.assert_close(guide, expected)
    tile = problem.tile(Tile("part", 2, 4, 6, 6))
    torch.testing.assert_close(tile.slots["light"].guide, expected[..., 2:8, 4:10])


def test_no_flash_and_one_of_another_size(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"no picture with flash.*task\.flash"):
        TASK.problem(Inputs(rand(1, 3, 8, 8)), FlashOptions(), torch.Generator())
    with pytest.raises(PictureError, match="with flash has 2 channels, the one without 3"):
        TASK.problem(
            Inputs(rand(1, 3, 8, 8), guide=rand(1, 2, 8, 8)), FlashOptions(), torch.Generator()
        )
    with pytest.raises(PictureError, match="with flash is 9 x 8, the one without 8 x 8"):
        TASK.problem(
            Inputs(rand(1, 3, 8, 8), guide=rand(1, 3, 8, 9)), FlashOptions(), torch.Generator()
        )


def test_is_looked_for_beside_the_pipeline() -> None:
    base = Path("folder").absolute()
    assert FlashOptions(flash="f.png").located(base).flash == str(base / "f.png")
    assert FlashOptions().located(base).flash is None
    assert FlashOptions(flash="sample:coffee").located(base).flash == "sample:coffee"


@pytest.mark.parametrize("channels", [1, 3])
def test_the_flash_lights_the_middle(channels: int) -> None:
    lit = flashed(torch.full((1, channels, 20, 30), 0.5))
    assert (lit[..., 10, 15] > lit[..., 0, 0]).all()
    assert lit.min() >= 0
    assert lit.max() <= 1


def test_keeps_size_and_kind(brief: Callable[..., Restored], waves: np.ndarray) -> None:
    restored = brief(waves, "flash", {"corrupt.sigma": 20, "recipe.fits": 1})
    assert restored.picture.colour.shape == waves.shape
    assert restored.quality is not None


def test_the_baseline_denoises(plugins: Plugins) -> None:
    clean = read_picture("sample:astronaut").tensor()[..., 40:120, 60:140]
    damaged = TASK.corrupt(clean, FlashCorruption(sigma=25), torch.Generator().manual_seed(0))
    problem = TASK.problem(
        Inputs(damaged.picture, guide=damaged.guide), FlashOptions(sigma=25), torch.Generator()
    )
    restored = plugins.create("baseline", "guided-filter").restore(problem).clamp(0, 1)
    assert psnr(restored, clean) > psnr(damaged.picture, clean) + 6


@pytest.mark.parametrize("size", [(1, 1), (4, 9)], ids=str)
def test_the_baseline_takes_what_is_smaller_than_its_window(
    size: tuple[int, int], plugins: Plugins
) -> None:
    picture = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
    inputs = Inputs(picture, guide=1 - picture)
    problem = TASK.problem(inputs, FlashOptions(sigma=25), torch.Generator())
    assert plugins.create("baseline", "guided-filter").restore(problem).isfinite().all()
