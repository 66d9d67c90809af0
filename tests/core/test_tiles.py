"""Tiles: they cover the picture, blend without a trace, and a tiled fit is a whole one's equal."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nasdip_core import restore
from nasdip_core.errors import OptionError, RunError
from nasdip_core.fit.checkpoint import load_checkpoint
from nasdip_core.pipeline import estimate
from nasdip_core.tiles import Tiling

TINY: dict[str, Any] = {
    "name": "tiny",
    "architecture": {
        "levels": 2,
        "input": {"channels": 4, "scale": 1.0},
        "encoder": {"widths": 4, "convolutions": 1},
        "decoder": {"widths": 4, "pointwise": False},
        "skip": {"widths": 2},
    },
}


@pytest.mark.parametrize("size", [(32, 32), (33, 70), (100, 41), (257, 500), (31, 1)])
@pytest.mark.parametrize(("side", "overlap"), [(32, 4), (64, 8), (50, 6)])
@pytest.mark.parametrize("grid", [1, 2, 3])
def test_tiles_cover_the_picture_and_overlap(
    size: tuple[int, int], side: int, overlap: int, grid: int
) -> None:
    size = (size[0] * grid, size[1] * grid)
    tiles = Tiling(size, side, grid=grid).tiles
    covered = torch.zeros(1, 1, *size)
    for tile in tiles:
        part = tile.cut(covered)
        assert part.shape[-2:] == (tile.height, tile.width)
        assert part.shape[-2] <= max(side, grid)
        assert not any(edge % grid for edge in (tile.top, tile.left, tile.height, tile.width))
        part += 1
    assert covered.min() == 1
    tops = sorted({tile.top for tile in tiles})
    for above, below in pairwise(tops):
        assert above + tiles[0].height - below >= overlap - grid
    assert len({tile.name for tile in tiles}) == len(tiles)


def test_a_small_picture_is_one_tile() -> None:
    [tile] = Tiling((20, 30), 64).tiles
    assert (tile.top, tile.left, tile.height, tile.width) == (0, 0, 20, 30)


@pytest.mark.parametrize("length", [97, 100, 111, 112, 250])
def test_corners_lie_on_a_grid_that_the_picture_does_not_fill(length: int) -> None:
    tiles = Tiling((length, 16), 48, grid=16).tiles
    assert all(tile.top % 16 == 0 for tile in tiles)
    assert tiles[-1].top + tiles[-1].height == length
    for above, below in pairwise(tiles):
        assert above.top + above.height - below.top >= 0
        assert 48 <= below.height < 64


@pytest.mark.parametrize("grid", [8, 16])
@pytest.mark.parametrize("side", [64, 96, 512])
def test_neighbours_on_a_grid_overlap(side: int, grid: int) -> None:
    for length in range(side + 1, side + 300):
        tiles = Tiling((length, 16), side, grid=grid).tiles
        for above, below in pairwise(tiles):
            assert above.top + above.height - below.top >= side // 8


@pytest.mark.parametrize("margin", [3, 10, 16])
def test_every_pixel_is_within_the_margins_of_some_tile(margin: int) -> None:
    size = (150, 201)
    covered = torch.zeros(1, 1, *size)
    for tile in Tiling(size, 64, margin=margin).tiles:
        tile.cut(covered)[..., margin:-margin, margin:-margin] = 1
    assert bool(covered[..., margin:-margin, margin:-margin].all())


def test_a_margin_counts_for_nothing_where_another_tile_knows() -> None:
    size, margin = (64, 150), 16
    tiling = Tiling(size, 64, margin=margin)
    blend = tiling.blend()
    for tile in tiling.tiles:
        estimate = torch.zeros(1, 1, tile.height, tile.width)
        estimate[..., :margin] = estimate[..., -margin:] = 1
        blend.add(tile, {"a": estimate})
    found = blend.result()["a"]
    assert found[..., margin:-margin].max() < 1e-3
    assert found[..., :margin].min() == 1


def test_tiles_that_are_nearly_all_margin_are_refused() -> None:
    with pytest.raises(OptionError, match="20 on each side are margin; take tile=80 or more"):
        Tiling((100, 100), 64, margin=20)
    assert len(Tiling((60, 60), 64, margin=20).tiles) == 1


@pytest.mark.parametrize("length", [513, 520, 527, 528, 600, 1007, 1008, 1040])
def test_no_tile_lies_within_another(length: int) -> None:
    """Also where a picture is longer than a tile by less than the grid."""
    tiles = Tiling((length, 16), 512, grid=16).tiles
    ends = [(tile.top, tile.top + tile.height) for tile in tiles]
    assert ends == sorted(ends)
    assert len({top for top, _ in ends}) == len({bottom for _, bottom in ends}) == len(ends)
    assert (ends[0][0], ends[-1][1]) == (0, length)


def test_equal_estimates_blend_to_themselves_and_others_without_a_step() -> None:
    size = (40, 90)
    picture = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
    tiling = Tiling(size, 40)
    same, offset = tiling.blend(), tiling.blend()
    for number, tile in enumerate(tiling.tiles):
        same.add(tile, {"a": tile.cut(picture)})
        offset.add(tile, {"a": torch.full((1, 1, tile.height, tile.width), float(number % 2))})
    assert torch.allclose(same.result()["a"], picture, atol=1e-6)
    steps = offset.result()["a"].diff(dim=-1).abs()
    # Tiles that differ by 1 pass into each other over the overlap.
    assert steps.max() < 0.2


@pytest.fixture
def large() -> np.ndarray:
    y, x = np.mgrid[0:96, 0:128] / 32
    channels = [np.sin(3 * x + 2), np.cos(2 * y + x), np.sin(2 * (x + y))]
    return np.round(127.5 + 100 * np.stack(channels, axis=-1)).astype(np.uint8)


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("denoise", {"corrupt.sigma": 20}),
        ("inpaint", {"corrupt.missing": 0.4}),
        ("super-resolution", {"corrupt.factor": 2}),
    ],
)
def test_every_task_works_in_tiles(
    large: np.ndarray, task: str, options: dict[str, Any], tmp_path: Any
) -> None:
    common = {**options, "fit.steps": 60, "fit.lr": 0.02, "fit.jitter": 0.02, "fit.averaging": 0.8}
    tiled = restore(large, task, arch=TINY, options={**common, "tile": 64}, output=tmp_path / "t")
    whole = restore(large, task, arch=TINY, options=common)
    fits = tiled.result["fits"]
    assert len(fits) == 6
    assert tiled.result["stopping"] is None
    assert tiled.result["iterations"] == sum(fit["iterations"] for fit in fits)
    assert tiled.quality is not None
    assert whole.quality is not None
    assert tiled.quality["oracle"]["iteration"] is None
    a, b = (found.quality["self_stopped"]["psnr"] for found in (tiled, whole))  # type: ignore[index]
    assert a > b - 3
    assert not list((tmp_path / "t").glob("checkpoint-*"))


def test_all_tiles_stop_at_the_calibrated_iteration(large: np.ndarray) -> None:
    options = {"corrupt.sigma": 60, "fit.steps": 60, "fit.lr": 0.05, "tile": 48}
    options |= {"fit.stopping.with.min_start": 1, "fit.stopping.with.patience": 2}
    fits = restore(large, "denoise", arch=TINY, options=options).result["fits"]
    by_rule = [fit for fit in fits if fit["stopping"]["rule"] == "held-out"]
    rest = [fit for fit in fits if fit["stopping"]["rule"] == "calibrated"]
    assert len(by_rule) == 3
    first, chosen, last = sorted(fit["stopping"]["iteration"] for fit in by_rule)
    assert first < chosen < last, "the case is one in which they differ"
    assert len(rest) == 8, "also two of those whose own stopping was not that"
    assert {fit["iterations"] for fit in rest} == {chosen}


def test_parts_without_damage_are_copied(large: np.ndarray) -> None:
    mask = np.zeros(large.shape[:2], np.uint8)
    mask[10:14, 10:14] = 255
    options = {"fit.steps": 3, "tile": 48}
    found = restore(large, "inpaint", mask=mask, arch=TINY, options=options)
    assert len(found.result["fits"]) == 1
    assert np.array_equal(found.picture.colour[mask == 0], large[mask == 0])


def test_a_picture_without_damage_is_returned(large: np.ndarray) -> None:
    options = {"tile": 48, "task.noise": "salt-and-pepper", "fit.steps": 3}
    found = restore(large, "denoise", arch=TINY, options=options)
    assert np.array_equal(found.picture.colour, large)
    timed = restore(large, "denoise", arch=TINY, options={**options, "seconds": 60})
    assert np.array_equal(timed.picture.colour, large)


def test_a_part_with_nothing_known_says_what_to_do(large: np.ndarray) -> None:
    mask = np.zeros(large.shape[:2], np.uint8)
    mask[:50, :50] = 255
    with pytest.raises(RunError, match="use larger tiles than --tile 32"):
        restore(large, "inpaint", mask=mask, arch=TINY, options={"fit.steps": 3, "tile": 32})


def test_an_interrupted_tiled_run_repeats_no_finished_tile(
    large: np.ndarray, tmp_path: Any
) -> None:
    options = {"corrupt.sigma": 20, "fit.steps": 10, "fit.report_every": 5, "tile": 64}
    whole = restore(large, "denoise", arch=TINY, options=options)

    class Killed(BaseException):
        pass

    seen: list[str] = []

    def die(event: Any) -> None:
        seen.append(event.fit)
        if len(set(seen)) == 4:
            raise Killed

    words: dict[str, Any] = {"arch": TINY, "options": options, "output": tmp_path / "out"}
    with pytest.raises(Killed):
        restore(large, "denoise", **words, observers=[die])
    again: list[str] = []
    found = restore(
        large, "denoise", **words, resume=True, observers=[lambda e: again.append(e.fit)]
    )
    assert set(again).isdisjoint(set(seen[:-1]) - {seen[-1]})
    assert np.array_equal(found.picture.colour, whole.picture.colour)


def test_a_tile_that_nothing_is_measured_of_is_kept_by_what_is_chosen(
    large: np.ndarray, tmp_path: Path
) -> None:
    class Killed(BaseException):
        pass

    def die(event: Any) -> None:
        if event.fit.startswith("tile-2-"):
            raise Killed

    words: dict[str, Any] = {"arch": TINY, "output": tmp_path / "out", "observers": [die]}
    words["options"] = {"task.sigma": 20, "fit.steps": 2, "tile": 64}
    with pytest.raises(Killed):
        restore(large, "denoise", **words)
    [done, *_] = sorted((tmp_path / "out").glob("checkpoint-*-done.safetensors"))
    kept = load_checkpoint(done)
    assert (set(kept["chosen"]), kept["last"]) == ({"restored"}, {})


def test_tiling_starts_by_itself_where_memory_is_short(
    large: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "memory_at_hand", lambda device: 1)
    monkeypatch.setattr(estimate, "_LARGEST_TILE", 64)
    options = {"corrupt.sigma": 20, "fit.steps": 2}
    assert len(restore(large, "denoise", arch=TINY, options=options).result["fits"]) == 6


def test_tiles_for_want_of_memory_stay_when_there_is_enough(
    large: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: dict[str, Any] = {"arch": TINY, "options": {"corrupt.sigma": 20, "fit.steps": 2}}
    words["output"] = tmp_path / "out"

    def die(event: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as short:
        short.setattr(estimate, "memory_at_hand", lambda device: 1)
        short.setattr(estimate, "_LARGEST_TILE", 64)
        with pytest.raises(KeyboardInterrupt):
            restore(large, "denoise", **words, observers=[die])
    assert "tile: 64\n" in (tmp_path / "out" / "pipeline.yaml").read_text()
    found = restore(large, "denoise", **words, resume=True)
    assert len(found.result["fits"]) == 6
    again = restore(large, "denoise", **words, resume=True)
    assert again.result == found.result


def test_tiles_that_are_too_small_are_refused_before_anything_is_written(
    large: np.ndarray, tmp_path: Path
) -> None:
    options = {"task.kernel": "gaussian", "task.width": 5, "fit.steps": 1, "tile": 32}
    words: dict[str, Any] = {"arch": TINY, "output": tmp_path / "out"}
    with pytest.raises(OptionError, match=r"take tile=\d+ or more"):
        restore(large, "deblur", **words, options=options)
    assert not (tmp_path / "out").exists()
