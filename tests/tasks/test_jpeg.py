"""JPEG artefacts: the quantisation comes from the file or is told."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from nasdip_core.errors import PictureError
from nasdip_core.imaging.metrics import psnr
from nasdip_core.imaging.read import read_picture
from nasdip_core.pipeline.restore import Restored
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Inputs
from nasdip_core.testing import TaskCase, TaskConformance
from nasdip_tasks.jpeg.options import JpegCorruption, JpegOptions
from nasdip_tasks.jpeg.task import Jpeg
from nasdip_tasks.operators.codec import Codec

TASK = Jpeg(Plugins.discover())


def rand(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


class TestContract(TaskConformance):
    @pytest.fixture
    def case(self) -> TaskCase:
        y, x = torch.meshgrid(torch.linspace(0, 1, 16), torch.linspace(0, 1, 16), indexing="ij")
        return TaskCase(
            task=TASK,
            options=JpegOptions(quality=50),
            corruption=JpegCorruption(quality=50),
            clean=torch.stack([0.3 + 0.4 * x, 0.3 + 0.4 * y, 0.7 - 0.2 * (x + y)])[None],
            # The truth lies somewhere in the coded intervals, not in their middle.
            loss=(0.0, 3e-4),
        )


@pytest.mark.parametrize("colour", [True, False])
def test_the_file_tells_its_tables(colour: bool, tmp_path: Path) -> None:
    name = "astronaut" if colour else "camera"
    truth = read_picture(f"sample:{name}").colour[40:104, 60:124]
    image = Image.fromarray(truth if colour else truth[..., 0])
    path = tmp_path / "a.jpg"
    image.save(path, quality=30, subsampling="4:4:4")
    picture = read_picture(path)
    problem = TASK.problem(
        Inputs(picture.tensor(), coding=picture.kind.coding), JpegOptions(), torch.Generator()
    )
    assert isinstance(problem, RestorationProblem)
    operator = problem.operator
    assert isinstance(operator, Codec)
    assert operator.coding.tables[0] == tuple(image_tables(path)[0])
    assert operator.coding.subsampling == (1, 1)


def image_tables(path: Path) -> dict[int, list[int]]:
    with Image.open(path) as image:
        tables: dict[int, list[int]] = image.quantization  # type: ignore[attr-defined]
        return tables


def test_nothing_tells_the_tables() -> None:
    with pytest.raises(PictureError, match=r"no JPEG.*task\.quality"):
        TASK.problem(Inputs(rand(1, 3, 8, 8)), JpegOptions(), torch.Generator())


def test_a_file_without_luma_and_chroma(waves: np.ndarray, tmp_path: Path) -> None:
    image = Image.fromarray(waves)
    for name, as_rgb in (("ycc.jpg", False), ("rgb.jpg", True)):
        image.save(tmp_path / name, keep_rgb=as_rgb)
        coding = read_picture(tmp_path / name).kind.coding
        assert coding is not None
        assert coding.as_rgb == as_rgb
    inputs = Inputs(rand(1, 3, 8, 8), coding=coding)
    with pytest.raises(PictureError, match="codes red, green and blue as they are"):
        TASK.problem(inputs, JpegOptions(), torch.Generator())


def test_no_jpeg_has_four_channels() -> None:
    with pytest.raises(PictureError, match="4 channels"):
        TASK.problem(Inputs(rand(1, 4, 8, 8)), JpegOptions(quality=20), torch.Generator())
    with pytest.raises(PictureError, match="4 channels"):
        TASK.corrupt(rand(1, 4, 8, 8), JpegCorruption(), torch.Generator())


def test_the_quality_is_implied() -> None:
    assert JpegOptions.implied(JpegCorruption(quality=33)) == {"quality": 33}


def test_keeps_size_and_kind(brief: Callable[..., Restored], array: np.ndarray) -> None:
    colour = brief(array, "jpeg", {"task.quality": 20, "recipe.fits": 1}).picture.colour
    assert colour.shape[:2] == array.shape[:2]


@pytest.mark.parametrize("name", ["astronaut", "camera"])
def test_the_baseline_takes_blocks_off(name: str, plugins: Plugins) -> None:
    clean = read_picture(f"sample:{name}").tensor()[..., 40:136, 60:156]
    damaged = TASK.corrupt(clean, JpegCorruption(quality=10), torch.Generator())
    options = JpegOptions(quality=10)
    problem = TASK.problem(Inputs(damaged.picture), options, torch.Generator())
    restored = plugins.create("baseline", "shifted-jpeg").restore(problem).clamp(0, 1)
    assert psnr(restored, clean) > psnr(damaged.picture, clean) + 0.5
