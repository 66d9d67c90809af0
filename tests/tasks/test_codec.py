"""The JPEG codec: that of files, and one through which gradients lead to the coded intervals."""

import io

import numpy as np
import pytest
import torch
from kornia.enhance import jpeg_codec_differentiable
from PIL import Image
from torch import Tensor

from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.kinds import Coding
from nasdip_core.imaging.read import read_picture
from nasdip_core.restoration import RestorationProblem
from nasdip_tasks.operators.codec import Codec


def sample(name: str = "astronaut") -> Tensor:
    return read_picture(f"sample:{name}").tensor()[..., 40:136, 60:171]


def coded(picture: Tensor, quality: int, subsampling: str) -> Image.Image:
    samples = (picture[0] * 255).round().byte().permute(1, 2, 0).numpy()
    file = io.BytesIO()
    image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    image.save(file, "JPEG", quality=quality, subsampling=subsampling)
    file.seek(0)
    return Image.open(file)


@pytest.mark.parametrize("quality", [10, 50, 90])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("name", ["astronaut", "camera"])
def test_codes_as_files_are_coded(name: str, subsampling: str, quality: int) -> None:
    truth = sample(name)
    picture = picture_of(coded(truth, quality, subsampling))
    assert picture.kind.coding is not None
    decoded = Codec(picture.kind.coding).forward(truth).clamp(0, 1)
    # A coefficient on the edge of two intervals may fall into the other one.
    assert float((decoded - picture.tensor()).abs().mean()) < 1.2 / 255


def test_is_near_to_that_of_kornia() -> None:
    truth = sample()[..., :96]
    coding = picture_of(coded(truth, 20, "4:2:0")).kind.coding
    assert coding is not None
    luma, chroma = (torch.tensor(table).float().reshape(8, 8) for table in coding.tables)
    other = jpeg_codec_differentiable(truth, torch.tensor([50.0]), luma, chroma)
    mine = Codec(coding).forward(truth)
    assert float((mine.clamp(0, 1) - other.clamp(0, 1)).abs().mean()) < 2.5 / 255


def test_the_original_has_no_residual_and_another_is_led_there() -> None:
    truth = sample("camera")[..., :48, :48]
    operator = Codec(Coding(((40,) * 64,), (1, 1)))
    measured = operator.forward(truth)
    guess = torch.full_like(truth, 0.5).requires_grad_()
    optimiser = torch.optim.Adam([guess], lr=0.01)
    for _ in range(150):
        loss = (operator.forward(guess) - measured).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 1e-4
    assert float((operator.forward(truth) - measured).abs().max()) == 0


def test_a_file_that_is_turned_says_nothing() -> None:
    image = coded(sample(), 50, "4:2:0")
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    image.save(file, "JPEG", quality=50, exif=exif)
    file.seek(0)
    assert picture_of(Image.open(file)).kind.coding is None
    assert picture_of(np.zeros((4, 4), np.uint8)).kind.coding is None


def test_other_samples_have_no_coding() -> None:
    picture = picture_of(coded(sample(), 50, "4:2:0"))
    assert picture.kind.coding is not None
    assert picture.with_samples(picture.tensor()).kind.coding is None


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_tiles_are_coded_like_their_place_in_the_picture(subsampling: str) -> None:
    truth = read_picture("sample:astronaut").tensor()[..., 40:189, 60:231]
    coding = picture_of(coded(truth, 20, subsampling)).kind.coding
    assert coding is not None
    problem = RestorationProblem(Codec(coding).forward(truth), operator=Codec(coding))
    tiling = problem.tiling(64)
    assert len(tiling.tiles) == 9
    for tile in tiling.tiles:
        part = problem.tile(tile)
        missed = (part.predicted({"restored": tile.cut(truth)}) - part.measured).abs()
        # Colours of half the size are drawn large with a neighbour that a tile does not see.
        assert float(missed.mean()) < 0.5 / 255
