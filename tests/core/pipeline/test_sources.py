"""What a run is given: pictures, masks and truths in one range."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from nasdip_core import restore
from nasdip_core.imaging.array_files import array_picture
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.stack import Stack
from nasdip_core.imaging.tiff import encode_tiff
from nasdip_core.options import parse
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.sources import Sources, read_sources
from nasdip_core.plugins import Plugins


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    """A picture (16, 20) of floats whose noise leaves [0, 1], and the clean one."""
    rows, columns = np.mgrid[:16, :20]
    clean = (0.5 + 0.45 * np.sin(rows / 3) * np.cos(columns / 4)).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 0.2, clean.shape).astype(np.float32)
    return clean + noise, clean


def test_float_files_are_measured_in_one_range(
    pair: tuple[np.ndarray, np.ndarray], tiny: dict[str, Any], tmp_path: Path
) -> None:
    quality: dict[str, Any] = {}
    for suffix in (".npy", ".tif"):
        files = [tmp_path / f"{role}{suffix}" for role in ("noisy", "clean")]
        for file, samples in zip(files, pair, strict=True):
            if suffix == ".npy":
                np.save(file, samples)
            else:
                file.write_bytes(encode_tiff(array_picture(samples)))
        done = restore(files[0], "denoise", truth=files[1], arch=tiny)
        quality[suffix] = done.quality
    assert quality[".tif"] == quality[".npy"]
    (exact,) = done.save(tmp_path / "exact.tif")
    again = restore(files[0], "denoise", truth=exact, arch=tiny)
    assert again.quality is not None
    assert again.quality["self_stopped"]["psnr"] is None


@pytest.mark.parametrize("kinds", ["u8 01", "01 u8", "u8 255", "255 u8", "u16 01", "noisy u8"])
def test_a_truth_of_another_kind_of_numbers_is_measured_alike(
    kinds: str, pair: tuple[np.ndarray, np.ndarray], plugins: Plugins
) -> None:
    def given(samples: np.ndarray, kind: str) -> Any:
        if kind == "noisy":  # beyond 0 and 1, white is still at 1
            return array_picture(samples)
        samples = samples.clip(0, 1)
        if kind == "u8":
            return picture_of((samples * 255).round().astype(np.uint8))
        if kind == "u16":
            return picture_of((samples * 65535).round().astype(np.uint16))
        return array_picture(samples * {"01": 1, "255": 255}[kind])

    pictures = [given(each, kind) for each, kind in zip(pair, kinds.split(), strict=True)]
    request = parse(RestoreRequest, {"picture": "x.png", "truth": "y.png"}, "")
    made = plugins.find("task", "denoise").resolve()(plugins)
    named = dict(zip(("picture", "truth"), pictures, strict=True))
    sources = read_sources(resolve("denoise", request, plugins, Path()), made, named)
    truth, kind = sources.true(), sources.picture.kind
    assert truth is not None
    white = 255 if "255" in kinds.split(maxsplit=1)[0] else 1 if kinds[0] != "u" else kind.peak
    found = truth[0, 0].numpy() * (kind.peak - kind.low) / white + kind.low / white
    assert np.allclose(found, pair[1].clip(0, 1), atol=0.003)


def test_a_mask_of_inks_marks_what_is_white(plugins: Plugins, tmp_path: Path) -> None:
    marked = np.zeros((8, 10), bool)
    marked[2:5, 3:] = True
    found = []
    for mode in ("L", "CMYK"):
        file = tmp_path / f"{mode}.tif"
        Image.fromarray(np.uint8(255 * marked)).convert("RGB").convert(mode).save(file)
        content = {"picture": "x.png", "mask": str(file)}
        resolved = resolve("inpaint", parse(RestoreRequest, content, ""), plugins, Path())
        made = plugins.find("task", "inpaint").resolve()(plugins)
        picture = picture_of(np.zeros((8, 10, 3), np.uint8))
        mask = read_sources(resolved, made, {"picture": picture}).inputs().mask
        assert mask is not None
        found.append(mask[0, 0].numpy())
    assert np.array_equal(found[0] > 0.5, marked)
    assert np.array_equal(found[0], found[1])


@pytest.mark.parametrize(
    ("task", "damage"),
    [("super-resolution", {"factor": 4}), ("deblur", {"kernel": "motion", "length": 9})],
)
def test_alpha_is_cropped_where_the_damage_crops_the_picture(
    task: str, damage: dict[str, Any], plugins: Plugins
) -> None:
    samples = np.zeros((43, 47, 4), np.uint8)
    samples[:, 36:] = 255
    request = parse(RestoreRequest, {"picture": "x.png", "corrupt": damage}, "")
    made = plugins.find("task", task).resolve()(plugins)
    given = {"picture": picture_of(samples)}
    sources = read_sources(resolve(task, request, plugins, Path()), made, given)
    assert sources.truth is not None
    assert sources.truth.colour.shape[1] < 47
    for cropped in (sources.truth, sources.picture):
        assert cropped.alpha is not None
        assert np.array_equal(cropped.alpha < 128, cropped.colour[..., 0] < 128)


NO_DATA = -3.4028235e38
"""What programs for maps write where nothing was measured."""


@pytest.mark.parametrize("told", ["mask", "inverted", "colour", "factorize"])
def test_what_is_missing_does_not_count_for_the_range(told: str, plugins: Plugins) -> None:
    heights = np.random.default_rng(0).uniform(264, 357, (12, 14)).astype(np.float32)
    missing = np.zeros(heights.shape, bool)
    missing[3:6, 4:9] = True
    given = {"picture": array_picture(np.where(missing, np.float32(NO_DATA), heights))}
    content: dict[str, Any] = {"picture": "x.npy"}
    if told == "colour":
        content["task"] = {"missing_colour": f"{NO_DATA!r}"}
    else:
        marked = ~missing if told == "inverted" else missing
        given["mask"] = picture_of(np.uint8(255 * marked))
        content |= {"mask": "m.png", "task": {"invert_mask": True} if told == "inverted" else {}}
    task = "factorize" if told == "factorize" else "inpaint"
    resolved = resolve(task, parse(RestoreRequest, content, ""), plugins, Path())
    made = plugins.find("task", task).resolve()(plugins)
    sources = read_sources(resolved, made, given)
    kind = sources.picture.kind
    assert (kind.low, kind.peak) == (0.0, float(heights[~missing].max()))
    problem = made.problem(sources.inputs(), resolved.task, torch.Generator())
    assert torch.equal(
        problem.known[0, 0] if task == "inpaint" else problem.known, ~torch.from_numpy(missing)
    )
    assert float(problem.measured.abs().max()) <= 1


def test_every_frame_counts_for_the_range(plugins: Plugins) -> None:
    frames = np.random.default_rng(0).uniform(0, 9, (3, 8, 8)).astype(np.float32)
    frames[:, 2:4, 2:4] = -9999
    given = {
        "picture": Stack.of([array_picture(frame) for frame in frames]),
        "mask": picture_of(np.uint8(255 * (frames[0] < 0))),
    }
    content = {"picture": "x.npy", "mask": "m.png", "task": {"stack": True}}
    resolved = resolve("inpaint", parse(RestoreRequest, content, ""), plugins, Path())
    made = plugins.find("task", "inpaint").resolve()(plugins)
    kind = read_sources(resolved, made, given).picture.kind
    assert (kind.low, kind.peak) == (0.0, float(frames.max()))


@pytest.mark.parametrize(("mode", "inks"), [("RGB", False), ("CMYK", True)])
def test_inks_are_told_from_light(mode: str, inks: bool, plugins: Plugins) -> None:
    picture = picture_of(Image.new(mode, (8, 8)))
    assert Sources(picture, None, None, None).inputs().inks is inks
