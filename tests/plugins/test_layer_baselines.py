"""Baselines of layers find layers, or say for what they are made."""

from typing import Any

import pytest
import torch
from torch import Tensor

from nasdip_core.errors import OptionError
from nasdip_core.imaging.metrics import psnr
from nasdip_core.imaging.read import read_picture
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_core.task import Inputs

PLUGINS = Plugins.discover()
MADE = {
    "sparse-mixtures": ("separate", {}),
    "shared-gradient": ("separate", {"shared": "watermark"}),
    "chan-vese": ("segment", {}),
}


def problem_of(name: str, clean: Tensor, truth: Tensor | None, **corrupt: Any) -> Any:
    """The problem of what a baseline is made for."""
    task_name, given = MADE[name]
    model: Any = PLUGINS.find("task", task_name).options()
    damage = parse(model.Corruption, {**given, **corrupt}, "corrupt")
    task = PLUGINS.create("task", task_name, PLUGINS)
    made = task.corrupt(clean, damage, torch.Generator().manual_seed(0))
    options = parse(model, dict(model.implied(damage)), "task")
    inputs = Inputs(made.picture, guide=made.guide, truth=truth)
    return task.problem(inputs, options, torch.Generator())


def test_directions_of_slopes_tell_two_layers() -> None:
    clean = read_picture("sample:astronaut").tensor()[..., :96, 64:190]
    problem = problem_of("sparse-mixtures", clean, None, share=0.7, second=0.35)
    found = PLUGINS.create("baseline", "sparse-mixtures").restore(problem)
    assert psnr(found.clamp(0, 1), clean) > 35


def test_a_mark_of_many_pictures_is_found() -> None:
    clean = read_picture("sample:astronaut").tensor()[..., :96, 64:190]
    album = [f"sample:{name}" for name in ("coffee", "chelsea", "rocket", "brick", "camera")]
    problem = problem_of("shared-gradient", clean, None, album=album, opacity=0.4)
    found = PLUGINS.create("baseline", "shared-gradient").restore(problem)
    off = problem.measured[:1] - clean
    marked = off.abs() > 0.5 * off.abs().max()
    assert (found - clean)[marked].square().mean() < 0.5 * off[marked].square().mean()


def test_a_disc_is_taken_from_a_plain_ground() -> None:
    y, x = torch.meshgrid(torch.arange(48) - 20, torch.arange(48) - 26, indexing="ij")
    ground = torch.tensor([0.2, 0.3, 0.7]).view(1, 3, 1, 1).expand(1, 3, 48, 48)
    ground = ground + 0.02 * torch.randn(ground.shape, generator=torch.Generator().manual_seed(0))
    picture = torch.where((y**2 + x**2 < 150)[None, None], 1 - ground, ground)
    problem = problem_of("chan-vese", ground, None)
    problem.measured = picture
    found = PLUGINS.create("baseline", "chan-vese").restore(problem)
    assert psnr(found, ground) > 25 > psnr(picture, ground) + 10


@pytest.mark.parametrize("size", [(1, 7), (9, 1), (2, 5)], ids=str)
def test_a_picture_that_is_all_border_has_no_foreground(size: tuple[int, int]) -> None:
    clean = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
    problem = problem_of("chan-vese", clean, None)
    found = PLUGINS.create("baseline", "chan-vese").restore(problem)
    assert torch.equal(found, problem.measured)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("sparse-mixtures", "shared-gradient"),
        ("shared-gradient", "sparse-mixtures"),
    ],
)
def test_mixtures_of_another_kind_are_refused(name: str, other: str) -> None:
    problem = problem_of(other, torch.rand(1, 3, 16, 16), None)
    with pytest.raises(OptionError, match=f"baseline '{name}' is for"):
        PLUGINS.create("baseline", name).restore(problem)
