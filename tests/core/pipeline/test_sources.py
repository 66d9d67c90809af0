"""What a run is given: pictures, masks and truths in one range."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasdip_core import restore
from nasdip_core.imaging.array_files import array_picture
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.tiff import encode_tiff
from nasdip_core.options import parse
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.sources import read_sources
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
