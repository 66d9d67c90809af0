"""Large pictures are translated in tiles: what the joints may show, and what memory it takes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from nasdip_core.architecture.assemble import assemble
from nasdip_core.architecture.specification import Architecture
from nasdip_core.errors import OptionError
from nasdip_core.options import parse
from nasdip_core.pipeline.api import restore
from nasdip_core.pipeline.estimate import estimate
from nasdip_core.pipeline.prepare import prepare
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.restore import Restored
from nasdip_core.plugins import Plugins
from nasdip_core.tiles import Tiling
from nasdip_tasks.translate import problem as module
from nasdip_tasks.translate.problem import translated, translated_in_tiles

SIDE = 64
NETWORK = {
    "levels": 2,
    "encoder": {"widths": 8, "convolutions": 1, "stem": 1},
    "decoder": {"widths": 8},
    "skip": {"widths": 8},
}


def translator(plugins: Plugins, norm: str) -> nn.Module:
    """A network with random weights."""
    architecture = Architecture.model_validate({**NETWORK, "norm": norm})
    return assemble(architecture, 3, plugins, seed=3, in_channels=3)


def picture() -> Tensor:
    """A picture (1, 3, 150, 200) that is darker and flatter on its left."""
    y, x = torch.meshgrid(torch.arange(150) / 20, torch.arange(200) / 25, indexing="ij")
    waves = torch.stack([torch.sin(3 * x + 2), torch.cos(2 * y + x), torch.sin(2 * (x + y))])
    return (0.1 + x / 16 + 0.04 * x * waves)[None].clamp(0, 1)


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
def test_the_joints_are_no_steeper_than_stated(plugins: Plugins, norm: str) -> None:
    """A slope is between those of the tiles, but for their difference by the overlap."""
    network, whole, tiling = translator(plugins, norm), picture(), Tiling((150, 200), SIDE)
    overlap = tiling.blended
    found = translated_in_tiles(network, whole, SIDE)
    assert found.shape == whole.shape
    gaps = torch.full((len(tiling.tiles), *whole.shape[1:]), torch.nan)
    for number, tile in enumerate(tiling.tiles):
        tile.cut(gaps[number])[:] = translated(network, tile.cut(whole)).detach()[0]
    apart = (_most(gaps) - _least(gaps)).max() / overlap
    for axis in (-1, -2):
        slopes = found.diff(dim=axis)[0]
        tiles_slopes = gaps.diff(dim=axis)
        assert bool((slopes <= _most(tiles_slopes) + apart + 1e-5).all())
        assert bool((slopes >= _least(tiles_slopes) - apart - 1e-5).all())
    # It is the blending that does it: without, a joint would be as high as the tiles differ.
    assert norm == "none" or apart * overlap > 0.05


def _most(values: Tensor) -> Tensor:
    return values.nan_to_num(-torch.inf).amax(dim=0)


def _least(values: Tensor) -> Tensor:
    return values.nan_to_num(torch.inf).amin(dim=0)


def test_without_statistics_tiles_are_the_whole(plugins: Plugins) -> None:
    """But near their borders, which the whole picture has not."""
    network = translator(plugins, "none")
    off = (translated_in_tiles(network, picture(), SIDE) - translated(network, picture())).abs()
    assert off.median() < 1e-3


def learnt(tmp_path: Path, **more: Any) -> Restored:
    """A picture of 36 x 40 translated by what was hardly learnt from squares of 32."""
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        Image.fromarray(rng.integers(0, 256, (36, 40, 3), np.uint8)).save(tmp_path / f"{name}.png")
    arch = {
        "architecture": {**NETWORK, "norm": "instance"},
        "fit": {"steps": 2, "jitter": 0, "averaging": 0, "stopping": "fixed"},
    }
    options = {
        "task.target": str(tmp_path / "b.png"),
        "task.crop": 32,
        "task.critic_width": 4,
        **more,
    }
    output = tmp_path / "out"
    return restore(tmp_path / "a.png", "translate", arch=arch, options=options, output=output)


@pytest.fixture
def weights(tmp_path: Path) -> str:
    """Weights of a translator that was hardly trained."""
    learnt(tmp_path)
    return str(tmp_path / "out" / "weights.safetensors")


def applied(weights: str, size: tuple[int, int], **options: Any) -> tuple[Restored, list[int]]:
    """A picture translated by weights, and the widths of what the network has seen."""
    rng, seen = np.random.default_rng(1), []
    translate = module.translated

    def watched(network: nn.Module, part: Tensor) -> Tensor:
        seen.append(int(part.shape[-1]))
        return translate(network, part)

    source = rng.integers(0, 256, (*size, 3), np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "translated", watched)
        done = restore(source, "translate", options={"task.weights": weights, **options})
    return done, seen


def test_tiles_on_request(weights: str) -> None:
    done, seen = applied(weights, (70, 100), tile=40)
    assert set(seen) == {40}
    assert any("in tiles of 40, blended over 5 pixels" in note for note in done.notes)
    assert done.picture.colour.shape == (70, 100, 3)
    done, seen = applied(weights, (70, 100))
    assert seen == [100]
    assert not any("tiles" in note for note in done.notes)


def test_tiles_on_request_where_the_look_is_learnt(tmp_path: Path) -> None:
    """Tiles are of the picture, which is larger than the squares it is learnt from."""
    assert any("in tiles of 32" in note for note in learnt(tmp_path, tile=32).notes)


def test_a_large_picture_needs_no_request(weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST_WHOLE", 64 * 90)
    monkeypatch.setattr(module, "_TILE", 32)
    assert set(applied(weights, (64, 91))[1]) == {32}
    assert applied(weights, (64, 90))[1] == [90]


def test_a_plan_is_for_one_tile(
    weights: str, plugins: Plugins, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Image.new("RGB", (96, 64)).save(tmp_path / "large.png")
    monkeypatch.setattr(module, "_TILE", 32)
    content = {"picture": str(tmp_path / "large.png"), "task": {"weights": weights}}
    resolved = resolve("translate", parse(RestoreRequest, content, ""), plugins, Path())
    costs = []
    for most in (64 * 96, 64 * 90):
        monkeypatch.setattr(module, "_LARGEST_WHOLE", most)
        problem = prepare(resolved, plugins).problem
        costs.append(estimate(resolved, problem, plugins, torch.device("cpu")))
    whole, tiled = costs
    assert (whole.tile, tiled.tile) == (None, 32)
    assert tiled.cost.activation_bytes < whole.cost.activation_bytes / 4


def test_other_tasks_in_one_piece_say_so(waves: np.ndarray, tiny: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="cannot be done in tiles"):
        restore(np.tile(waves, (2, 2, 1)), "separate", arch=tiny, options={"tile": 32})
