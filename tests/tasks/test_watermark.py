"""Pictures under one watermark: the guess, the fit's parts, and what a run of a folder writes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from nasdip_core.errors import OptionError, PictureError
from nasdip_core.imaging.metrics import psnr
from nasdip_core.imaging.read import read_picture
from nasdip_core.mixture import steepness
from nasdip_core.pipeline.api import restore
from nasdip_core.pipeline.jobs import plan
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem
from nasdip_core.task import Inputs
from nasdip_core.testing import TaskCase, TaskConformance
from nasdip_core.watermark import integrated, median_mark, shared_mark, unmarked
from nasdip_tasks.separate.mark import drawn_mark
from nasdip_tasks.separate.options import SeparateCorruption, SeparateOptions
from nasdip_tasks.separate.task import Separate
from nasdip_tasks.separate.watermark import WatermarkProblem

TASK = Separate(Plugins.discover())
DAMAGE = SeparateCorruption(shared="watermark", album=["sample:coffee", "sample:chelsea"])


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def marked(size: int = 96) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Clean pictures (4, 3, H, W), the same under a mark, its opacity and colour."""
    clean = torch.cat(
        [
            read_picture(f"sample:{name}").tensor()[..., 20 : 20 + size, 30 : 30 + size]
            for name in ("astronaut", "coffee", "chelsea", "rocket")
        ]
    )
    opacity, colour = drawn_mark(clean[:1], 0.5, draws())
    return clean, (1 - opacity) * clean + opacity * colour, opacity, colour


class TestContract(TaskConformance):
    @pytest.fixture
    def case(self) -> TaskCase:
        clean = torch.rand(1, 3, 16, 16, generator=draws(9))
        options = SeparateOptions(shared="watermark")
        return TaskCase(TASK, options, DAMAGE, clean, loss=(0.0, 0.02))

    def outputs(self, problem: Problem, picture: Tensor) -> Mapping[str, Tensor]:
        opacity, colour = drawn_mark(picture, DAMAGE.opacity, draws())
        guide = TASK.corrupt(picture.detach(), DAMAGE, draws()).guide
        assert guide is not None
        others = (guide - opacity * colour) / (1 - opacity)
        return {
            "picture-1": picture,
            "picture-2": others[:1],
            "picture-3": others[1:],
            "watermark": colour.expand_as(picture),
            "opacity": opacity,
        }


def test_a_picture_is_its_slopes() -> None:
    picture = torch.rand(1, 2, 9, 13, generator=draws())
    picture = picture - picture.flatten(2).median(dim=2).values[..., None, None]
    assert torch.allclose(integrated(*steepness(picture)), picture, atol=1e-6)
    assert integrated(torch.zeros(1, 1, 1, 1), torch.zeros(1, 1, 1, 1)).item() == 0


def test_slopes_tell_the_mark() -> None:
    clean, pictures, opacity, colour = marked()
    found, mark = shared_mark(pictures)
    assert found.shape == opacity.shape
    assert found[opacity > 0.45].mean() == pytest.approx(0.5, abs=0.08)
    assert found[opacity == 0].mean() < 0.03
    cleaned = unmarked(pictures, found, mark)
    assert all(
        psnr(cleaned[k : k + 1], clean[k : k + 1]) > psnr(pictures[k : k + 1], clean[k : k + 1]) + 4
        for k in range(4)
    )
    # The median takes what the pictures are darker below the mark for a part of it.
    truth = opacity * colour
    assert psnr(mark, truth) > psnr(median_mark(pictures).clamp(0, 1), truth) + 2


def test_what_shines_through_is_kept() -> None:
    clean, pictures, opacity, colour = marked(40)
    problem = WatermarkProblem(
        pictures, [(f"restored-{k}", None) for k in (2, 3, 4)], truth=clean[:1], levels=255
    )
    estimate = {f"picture-{k}": torch.full_like(clean[:1], 0.5) for k in (1, 2, 3, 4)}
    estimate |= {"watermark": colour.expand_as(clean[:1]), "opacity": opacity}
    rendered = problem.render(estimate)
    names = ["restored", "restored-2", "restored-3", "restored-4"]
    assert list(rendered) == [*names, "watermark", "opacity"]
    for name, picture, under in zip(names, clean, pictures, strict=True):
        found = rendered[name].samples
        assert torch.allclose(
            found[opacity.expand_as(found) == 0], under[opacity[0].expand_as(under) == 0]
        )
        assert psnr(found, picture[None]) > 38
    assert problem.measures(estimate)["psnr"] > 38
    # Nothing shines through a mark of full opacity: what the networks say counts.
    opaque = problem.render({**estimate, "opacity": torch.ones_like(opacity)})
    assert torch.equal(opaque["restored"].samples, estimate["picture-1"])


def test_the_made_up_mark_lies_within_the_picture() -> None:
    for seed in range(8):
        opacity, colour = drawn_mark(torch.zeros(1, 3, 60, 90), 0.4, draws(seed))
        assert opacity.max() == pytest.approx(0.4)
        assert 0.02 < float((opacity > 0).float().mean()) < 0.3
        assert colour.max() <= 1
    grey = TASK.corrupt(torch.rand(1, 1, 20, 30), DAMAGE, draws())
    assert grey.guide is not None
    assert grey.guide.shape == (2, 1, 20, 30)


def test_one_picture_is_refused(waves_file: Path) -> None:
    options = SeparateOptions(shared="watermark")
    with pytest.raises(PictureError, match="one picture alone"):
        TASK.problem(Inputs(torch.rand(1, 3, 24, 32)), options, draws())
    given = options.model_copy(update={"others": [str(waves_file)]})
    with pytest.raises(PictureError, match="has 32 x 24 pixels of 3 channels"):
        TASK.problem(Inputs(torch.rand(1, 3, 24, 30)), given, draws())


@pytest.fixture
def album(tmp_path: Path, waves: np.ndarray) -> Path:
    """Three pictures of different formats."""
    folder = tmp_path / "album"
    folder.mkdir()
    Image.fromarray(waves).save(folder / "a.png")
    Image.fromarray(255 - waves).save(folder / "b.jpg")
    Image.fromarray(waves[::-1]).save(folder / "c.tif")
    return folder


def test_a_folder_is_one_run_where_its_pictures_share_a_mark(
    album: Path, tmp_path: Path, tiny: dict[str, Any], plugins: Plugins
) -> None:
    shared = plan(str(album), "separate", {"task": {"shared": "watermark"}}, None, plugins)
    assert shared.kind == "single"
    assert plan(str(album), "separate", {}, None, plugins).kind == "batch"
    options = {"task.shared": "watermark", "fit.steps": 3}
    done = restore(album, "separate", arch=tiny, options=options, output=tmp_path / "o")
    files = ["restored.png", "restored-2-b.jpg", "restored-2-b-lossless.png", "restored-3-c.tif"]
    assert all((tmp_path / "o" / name).is_file() for name in [*files, "opacity.png"])
    assert done.pictures["restored-2-b"].kind.format == "JPEG"
    again = restore(
        album, "separate", arch=tiny, options=options, output=tmp_path / "o", resume=True
    )
    names = ["restored", "restored-2-b", "restored-3-c", "watermark", "opacity"]
    assert list(again.pictures) == list(done.pictures) == names


def test_a_folder_together_with_others_is_refused(
    album: Path, waves_file: Path, plugins: Plugins
) -> None:
    given = {"task": {"shared": "watermark", "others": [str(waves_file)]}}
    with pytest.raises(OptionError, match=r"task\.others together with a folder"):
        plan(str(album), "separate", given, None, plugins)
    assert plan(str(album / "a.png"), "separate", given, None, plugins).kind == "single"
    mixtures = {"task": {"others": [str(waves_file)]}}
    assert plan(str(album), "separate", mixtures, None, plugins).kind == "batch"


def test_a_picture_among_its_others_counts_once(album: Path) -> None:
    options = SeparateOptions(shared="watermark", others=[str(album)])
    problem = TASK.problem(Inputs(read_picture(album / "b.jpg").tensor()), options, draws())
    assert isinstance(problem, WatermarkProblem)
    assert [name for name, _ in problem.forms] == ["restored", "restored-2-a", "restored-3-c"]
    assert len(problem.measured) == 3


def test_a_folder_of_one_picture_is_told(waves_file: Path, tiny: dict[str, Any]) -> None:
    with pytest.raises(PictureError, match="one picture alone"):
        restore(waves_file.parent, "separate", arch=tiny, options={"task.shared": "watermark"})


@pytest.mark.parametrize(("asked", "made"), [("watermark", "both"), ("both", "watermark")])
def test_damage_and_task_share_the_same(asked: str, made: str) -> None:
    damage = SeparateCorruption(shared=made)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=f"task.shared = '{asked}'.*say corrupt.shared={asked}"):
        SeparateOptions.from_damage(damage, {"shared": asked})
    assert SeparateOptions.from_damage(damage, {"shared": made}) == {"shared": made}
