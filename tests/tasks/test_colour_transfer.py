"""The classical translation, and what a translator cannot be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kornia.color import rgb_to_lab
from PIL import Image
from torch import Tensor

from nasdip_core import restore
from nasdip_core.errors import OptionError
from nasdip_core.options import parse
from nasdip_core.pipeline.prepare import prepare
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins
from nasdip_core.weights import save_weights
from nasdip_tasks.translate.colour_transfer import ColourTransfer


def muted(seed: int, middle: tuple[int, int, int]) -> Any:
    """Return a picture whose colours stay well within the range."""
    noise = np.random.default_rng(seed).normal(0, 8, (20, 24, 3))
    return (np.array(middle) + noise).clip(0, 255).astype(np.uint8)


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, Path]:
    """Bluish and reddish pictures, two each."""
    made = []
    for name, middle in (("blue", (90, 100, 150)), ("red", (150, 110, 100))):
        (tmp_path / name).mkdir()
        for number in range(2):
            picture = Image.fromarray(muted(number, middle))
            picture.save(tmp_path / name / f"{number}.png")
        made.append(tmp_path / name)
    return made[0], made[1]


def transferred(plugins: Plugins, picture: Path, **task: Any) -> Tensor:
    request = parse(RestoreRequest, {"picture": str(picture), "task": task}, "")
    problem = prepare(resolve("translate", request, plugins, Path()), plugins).problem
    return ColourTransfer().restore(problem)  # type: ignore[arg-type]


def moments(*pictures: Tensor) -> Tensor:
    lab = torch.cat([rgb_to_lab(picture).flatten(2) for picture in pictures], dim=-1)[0]
    return torch.stack([lab.mean(1), lab.std(1)])


@pytest.mark.parametrize("pairs", ["none", "names"])
def test_the_colours_are_those_of_the_other_set(
    pairs: str, sets: tuple[Path, Path], plugins: Plugins
) -> None:
    blue, red = sets
    task: dict[str, Any] = {"source": str(blue), "target": str(red)}
    if pairs == "names":
        task["pairs"] = pairs
    found = transferred(plugins, blue / "0.png", **task)
    wanted = [
        torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1)[None] / 255
        for file in sorted(red.iterdir())
    ]
    assert found.shape == (1, 3, 20, 24)
    torch.testing.assert_close(moments(found), moments(*wanted), atol=0.15, rtol=0.01)


@pytest.mark.parametrize("size", [(20, 24), (1, 1)], ids=str)
def test_a_picture_of_one_colour_takes_the_mean(
    size: tuple[int, int], sets: tuple[Path, Path], plugins: Plugins
) -> None:
    flat = sets[0].parent / "flat.png"
    Image.fromarray(np.full((*size, 3), 90, np.uint8)).save(flat)
    found = transferred(plugins, flat, source=str(sets[0]), target=str(sets[1]))
    assert float(found.std((2, 3), unbiased=False).max()) < 1e-3


def test_a_grey_picture_takes_one_tint(sets: tuple[Path, Path], plugins: Plugins) -> None:
    """What rounding leaves in a and b of its greys is no colour to be strengthened."""
    grey = sets[0].parent / "grey.png"
    Image.fromarray(np.tile(np.arange(60, 180, 5, dtype=np.uint8), (20, 1))).save(grey)
    found = transferred(plugins, grey, source=str(sets[0]), target=str(sets[1]))
    assert float(moments(found)[1, 1:].max()) < 0.1


def test_what_is_learnt_has_no_set(sets: tuple[Path, Path], plugins: Plugins) -> None:
    from nasdip_core.architecture.assemble import assemble
    from nasdip_core.architecture.named import find_architecture

    named = find_architecture("fast-translate", plugins)
    network = assemble(named.architecture, 3, plugins, in_channels=3)
    weights = sets[0].parent / "weights.safetensors"
    save_weights(weights, network.state_dict(), named, "translate")
    with pytest.raises(OptionError, match="these weights are learnt"):
        transferred(plugins, sets[0] / "0.png", weights=str(weights))


@pytest.mark.parametrize("arch", ["siren", "fourier-features"])
def test_a_translator_is_a_unet(arch: str, sets: tuple[Path, Path], tmp_path: Path) -> None:
    blue, red = sets
    options = {"task.target": str(red), "fit.steps": 2}
    with pytest.raises(OptionError, match=f"takes a U-Net, '{arch}' is none; take another --arch"):
        restore(str(blue), "translate", arch=arch, options=options, output=tmp_path / "out")
    assert not (tmp_path / "out").exists()
