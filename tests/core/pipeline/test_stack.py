"""Films and volumes from file to file, with a tiny network."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from nasdip_core import restore
from nasdip_core.errors import PictureError, RunError
from nasdip_core.held_out import kept_back
from nasdip_core.imaging.arrays import stack_of
from nasdip_core.imaging.read import read_stack
from nasdip_core.imaging.stack import Stack
from nasdip_core.options import parse
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.restore import run
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem
from nasdip_core.tiles import Tiling

FRAMES = 4


@pytest.fixture
def frames() -> np.ndarray:
    """Four grey frames (16, 20) of something that moves by a pixel a frame."""
    rows, columns = np.mgrid[:16, :24]
    whole = (127 + 100 * np.sin(rows / 3) * np.cos(columns / 4)).astype(np.uint8)
    return np.stack([whole[:, number : number + 20] for number in range(FRAMES)])


@pytest.fixture
def film(frames: np.ndarray, tmp_path: Path) -> Path:
    """The same as a folder of pictures."""
    folder = tmp_path / "film"
    folder.mkdir()
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"shot{number}.png")
    return folder


def options(**more: Any) -> dict[str, Any]:
    return {"task.stack": True, **{key.replace("_", "."): value for key, value in more.items()}}


def test_a_folder_of_frames_comes_back_as_one(
    film: Path, tiny: dict[str, Any], tmp_path: Path
) -> None:
    restored = restore(film, "denoise", arch=tiny, options=options(), output=tmp_path / "out")
    assert isinstance(restored.picture, Stack)
    names = [f"shot{number}.png" for number in range(FRAMES)]
    assert sorted(path.name for path in (tmp_path / "out" / "restored").iterdir()) == names
    written = read_stack(tmp_path / "out" / "restored")
    assert torch.equal(written.tensor(), restored.picture.tensor())
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "frame 3 of 4" in page


def test_a_finished_run_is_taken_up_and_forced(
    film: Path, tiny: dict[str, Any], tmp_path: Path
) -> None:
    words: dict[str, Any] = {"arch": tiny, "options": options(corrupt_sigma=25)}
    first = restore(film, "denoise", output=tmp_path / "out", **words)
    assert sorted(path.name for path in (tmp_path / "out" / "damaged").iterdir())
    again = restore(film, "denoise", output=tmp_path / "out", resume=True, **words)
    assert torch.equal(again.picture.tensor(), first.picture.tensor())
    (tmp_path / "out" / "restored" / "notes.txt").write_text("mine")
    (film / f"shot{FRAMES - 1}.png").unlink()
    forced = restore(film, "denoise", output=tmp_path / "out", force=True, **words)
    assert isinstance(forced.picture, Stack)
    left = {path.name for path in (tmp_path / "out" / "restored").iterdir()}
    assert left == {"notes.txt", *(f"shot{number}.png" for number in range(FRAMES - 1))}
    (tmp_path / "out" / "restored" / "mine.png").write_bytes(b"mine")
    with pytest.raises(RunError, match=r"mine\.png' is in the way"):
        restore(film, "denoise", output=tmp_path / "out", force=True, **words)
    assert (tmp_path / "out" / "restored" / "mine.png").read_bytes() == b"mine"


def test_what_is_written_is_not_put_among_the_frames(
    film: Path, tiny: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(RunError, match=r"film' is what the run reads"):
        restore(film, "denoise", output=film, arch=tiny, options=options())
    assert len(list(film.iterdir())) == FRAMES


def test_frames_in_memory_can_be_restored_again_from_the_pipeline_file(
    frames: np.ndarray, tiny: dict[str, Any], tmp_path: Path
) -> None:
    words: dict[str, Any] = {"arch": tiny, "options": options(), "output": tmp_path / "out"}
    first = restore(frames, "denoise", **words)
    saved = yaml.safe_load((tmp_path / "out" / "pipeline.yaml").read_text())
    given = saved["steps"][0]["with"]["picture"]
    assert given == str(tmp_path / "out" / "given-picture")
    again = restore(given, "denoise", arch=tiny, options=options())
    assert torch.equal(again.picture.tensor(), first.picture.tensor())
    forced = restore(frames, "denoise", **words, force=True)
    assert torch.equal(forced.picture.tensor(), first.picture.tensor())


def test_quality_is_that_of_all_frames(film: Path, tiny: dict[str, Any]) -> None:
    restored = restore(film, "denoise", arch=tiny, options=options(corrupt_sigma=25))
    truth, samples = read_stack(film).tensor(), restored.picture.tensor()
    expected = -10 * float((truth - samples).square().mean().log10())
    assert restored.quality is not None
    assert restored.quality["self_stopped"]["psnr"] == pytest.approx(expected, abs=1e-3)


def test_each_frame_loses_other_pixels_and_keeps_the_rest(
    film: Path, tiny: dict[str, Any], tmp_path: Path
) -> None:
    words = options(corrupt_missing=0.5, fit_stopping="held-out")
    restored = restore(film, "inpaint", arch=tiny, options=words, output=tmp_path / "out")
    mask = read_stack(tmp_path / "out" / "mask").tensor() > 0.5
    assert not torch.equal(mask[0], mask[1])
    same = restored.picture.tensor() == read_stack(film).tensor()
    assert bool(same[~mask].all())
    assert not bool(same[mask].all())


@pytest.mark.parametrize("axes", [2, 3])
def test_a_mask_is_for_all_frames_or_for_each(
    axes: int, frames: np.ndarray, tiny: dict[str, Any]
) -> None:
    mask = np.zeros(frames.shape[3 - axes :], bool)
    mask[..., 4:6, 4:9] = True
    restored = restore(frames, "inpaint", mask=mask, arch=tiny, options=options())
    assert isinstance(restored.picture, Stack)
    samples = restored.picture.samples[..., 0]
    known = ~np.broadcast_to(mask, frames.shape)
    assert np.array_equal(samples[known], frames[known])


@pytest.mark.parametrize("role", ["mask", "truth"])
def test_numbers_of_frames_must_agree(role: str, frames: np.ndarray, tiny: dict[str, Any]) -> None:
    given: dict[str, Any] = {"mask": frames[:, :, :] > 120, role: frames[:2] > 120}
    if role == "truth":
        given["truth"] = frames[:2]
    with pytest.raises(PictureError, match=f"the {role} has 2 frames, the stack 4"):
        restore(frames, "inpaint", arch=tiny, options=options(), **given)


def test_a_classical_estimate_is_made_frame_by_frame(
    frames: np.ndarray, toys: Plugins, tiny: dict[str, Any]
) -> None:
    words = options(recipe_fits=0, recipe_refine=["blur"], task_sigma=20)
    together = restore(frames, "denoise", arch=tiny, options=words, plugins=toys)
    del words["task.stack"]
    alone = [
        restore(frame, "denoise", arch=tiny, options=words, plugins=toys).picture.tensor()
        for frame in frames
    ]
    assert torch.equal(together.picture.tensor(), torch.cat(alone))


def lost(frames: np.ndarray, **words: Any) -> np.ndarray:
    """Return what becomes of the second frame where nothing is known of it."""
    mask = np.zeros(frames.shape, bool)
    mask[1] = mask[:, 4:6, 4:9] = True
    restored = restore(frames, "inpaint", mask=mask, **words)
    assert isinstance(restored.picture, Stack)
    samples: np.ndarray = restored.picture.samples[..., 0].astype(int)
    assert np.array_equal(samples[~mask], frames[~mask])
    return samples[1]


@pytest.mark.parametrize("choice", ["mean", "best", "blend"])
def test_of_a_frame_that_is_lost_the_fit_tells(
    choice: str, frames: np.ndarray, tiny: dict[str, Any]
) -> None:
    told = lost(frames, arch=tiny, options=options())
    chosen = options(recipe_refine=["biharmonic"], recipe_choice=choice)
    found = lost(frames, arch=tiny, options=chosen)
    # What is kept back for the choice changes the fit a little.
    assert np.abs(found - told).max() <= (0 if choice == "mean" else 9)
    assert np.ptp(told) > 30


def test_without_fits_a_frame_that_is_lost_is_its_neighbour(frames: np.ndarray) -> None:
    found = lost(frames, options=options(recipe_fits=0, recipe_refine=["biharmonic"]))
    assert np.abs(found - frames[0]).mean() < 3


def test_a_guide_lies_beside_every_frame(
    frames: np.ndarray, toys: Plugins, tiny: dict[str, Any]
) -> None:
    words = options(recipe_guide="blur", task_sigma=20)
    restored = restore(frames, "denoise", arch=tiny, options=words, plugins=toys)
    assert restored.picture.tensor().shape == (FRAMES, 1, 16, 20)


@pytest.mark.parametrize("name", ["siren", "fourier-features"])
def test_networks_of_coordinates_get_the_time(name: str, frames: np.ndarray) -> None:
    arch = {"name": name, "architecture": {"uses": name, "with": {"width": 8, "layers": 1}}}
    words = options(fit_steps=2, fit_stopping="fixed", fit_jitter=0)
    restored = restore(frames, "denoise", arch=arch, options=words)
    assert restored.picture.tensor().shape == (FRAMES, 1, 16, 20)


def test_in_tiles_all_frames_at_once(frames: np.ndarray, tiny: dict[str, Any]) -> None:
    plugins = Plugins.discover()
    content = {"picture": "film", "arch": tiny, "tile": 32, "task": {"stack": True}}
    resolved = resolve("denoise", parse(RestoreRequest, content, ""), plugins, Path())
    large = stack_of(np.tile(frames, (1, 3, 2)))
    restored = run(resolved, plugins, None, given={"picture": large})
    assert restored.picture.tensor().shape == (FRAMES, 1, 48, 40)
    assert len(restored.result["fits"]) > 1


def test_uncertainty_of_every_frame(
    frames: np.ndarray, tiny: dict[str, Any], tmp_path: Path
) -> None:
    words = options(fit_steps=12)
    words |= {"fit.langevin.noise": 0.01, "fit.langevin.every": 2}
    restore(frames, "denoise", arch=tiny, options=words, output=tmp_path / "out")
    deviation = np.load(tmp_path / "out" / "uncertainty.npy")
    assert deviation.shape == (FRAMES, 16, 20)
    assert len(list((tmp_path / "out" / "uncertainty-shown").iterdir())) == FRAMES


def test_the_result_tells_what_a_stack_is(film: Path, tiny: dict[str, Any], tmp_path: Path) -> None:
    restore(film, "denoise", arch=tiny, options=options(), output=tmp_path / "out")
    result = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert result["outputs"] == {"restored": str(tmp_path / "out" / "restored")}


def test_kept_back_of_every_frame_its_share() -> None:
    known = torch.ones(3, 1, 10, 10, dtype=torch.bool)
    known[0] = False
    known[0, 0, :5, :5] = True
    found = kept_back(known, 45, torch.Generator().manual_seed(0))
    assert found.shape == known.shape
    assert bool((known | ~found).all())
    assert found.sum(dim=(1, 2, 3)).tolist() == [5, 20, 20]


def test_held_out_error_of_a_stack_is_over_what_was_kept_back(frames: np.ndarray) -> None:
    measured = torch.from_numpy(frames)[:, None] / 255
    problem = RestorationProblem(measured, deviation=lambda _: 0.1)
    problem.hold_out(0.1, torch.Generator().manual_seed(0))
    assert problem.kept_back is not None
    estimate = {"restored": torch.zeros_like(measured)}
    expected = (measured[problem.kept_back] / 0.1).square().mean()
    assert problem.validation(estimate) == pytest.approx(float(expected), rel=1e-5)
    frame = problem.frames()[2]
    assert frame.measured.shape == (1, 1, 16, 20)
    assert torch.equal(frame.fitted, problem.fitted[2:3])


def test_frames_are_blended_each_for_itself() -> None:
    frames = torch.rand(3, 2, 40, 50, generator=torch.Generator().manual_seed(0))
    tiling = Tiling((40, 50), 32)
    blend = tiling.blend()
    for tile in tiling.tiles:
        blend.add(tile, {"restored": tile.cut(frames)})
    torch.testing.assert_close(blend.result()["restored"], frames)


def test_arrays_are_measured_in_the_range_of_the_stack(
    frames: np.ndarray, tiny: dict[str, Any], tmp_path: Path
) -> None:
    truth = frames.astype(np.float32)
    noisy = truth.copy()
    noisy[:, 0, 0] = 600
    for name, array in (("noisy", noisy), ("truth", truth)):
        np.save(tmp_path / f"{name}.npy", array)
    restored = restore(
        tmp_path / "noisy.npy",
        "denoise",
        truth=tmp_path / "truth.npy",
        arch=tiny,
        options=options(),
    )
    samples = np.concatenate([f.colour[None, ..., 0] for f in restored.picture.frames])  # type: ignore[attr-defined]
    expected = -10 * np.log10(np.square((samples - truth) / 600).mean())
    assert restored.quality is not None
    assert restored.quality["self_stopped"]["psnr"] == pytest.approx(expected, abs=1e-3)


def test_red_denoises_frame_by_frame(frames: np.ndarray, tiny: dict[str, Any]) -> None:
    words = options(fit_objectives=["red"], task_sigma=20)
    restored = restore(frames, "denoise", arch=tiny, options=words)
    assert isinstance(restored.picture, Stack)


@pytest.mark.parametrize("role", ["picture", "truth"])
def test_one_picture_is_no_stack(role: str, frames: np.ndarray, tiny: dict[str, Any]) -> None:
    given: dict[str, Any] = {"picture": frames, "truth": frames, role: frames[0]}
    with pytest.raises(PictureError, match=f"the {role} is no stack of frames; it must be"):
        restore(task="denoise", arch=tiny, options=options(), **given)
