"""`nasdip_core`: the names that users import, each resolved on first use."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

import nasdip_core
from nasdip_core import Restored, restore
from nasdip_core.errors import OptionError, PictureError
from nasdip_core.options import nested

TINY = {
    "name": "tiny",
    "architecture": {
        "levels": 2,
        "input": {"channels": 4},
        "encoder": {"widths": 4, "convolutions": 1},
        "decoder": {"widths": 4, "pointwise": False},
        "skip": {"widths": 2},
    },
}
QUICK = {"fit.steps": 3, "fit.stopping": "fixed"}


def test_every_public_name_resolves() -> None:
    for name in nasdip_core.__all__:
        assert getattr(nasdip_core, name) is not None
    assert set(nasdip_core.__all__) <= set(dir(nasdip_core))


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'restroe'"):
        nasdip_core.restroe  # noqa: B018  # the access is the test


def test_arrays_in_and_out(waves: np.ndarray) -> None:
    mask = np.zeros(waves.shape[:2], np.uint8)
    mask[4:8, 4:8] = 255
    found = restore(waves, "inpaint", mask=mask, arch=TINY, options=QUICK)
    assert found.folder is None
    assert found.result["outputs"] == {}
    assert found.quality is None
    assert np.array_equal(found.picture.colour[mask == 0], waves[mask == 0])


def test_arrays_are_written_beside_the_result_and_the_run_can_be_repeated(
    waves: np.ndarray, tmp_path: Path
) -> None:
    truth = waves // 2 + 64
    first = restore(
        waves, "denoise", truth=truth, arch=TINY, options=QUICK, output=tmp_path / "a", seed=3
    )
    from typer.testing import CliRunner

    from nasdip_core.cli import app

    pipeline = tmp_path / "a" / "pipeline.yaml"
    done = CliRunner().invoke(app, ["run", str(pipeline), "-o", str(tmp_path / "b")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "b" / "restored.png").read_bytes() == (
        tmp_path / "a" / "restored.png"
    ).read_bytes()
    assert first.quality is not None
    assert first.quality["self_stopped"]["psnr"] > 0


def test_a_jpeg_in_memory_is_kept_to_the_last_bit(waves: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(waves).save(tmp_path / "a.jpg", quality=60)
    with Image.open(tmp_path / "a.jpg") as image:
        done = restore(image, "denoise", arch=TINY, options=QUICK, output=tmp_path / "out")
        samples = np.asarray(image)
    content = yaml.safe_load((tmp_path / "out" / "pipeline.yaml").read_text())
    given = content["steps"][0]["with"]["picture"]
    assert np.array_equal(np.asarray(Image.open(given)), samples)
    again = restore(given, "denoise", arch=TINY, options=QUICK)
    assert np.array_equal(again.picture.colour, done.picture.colour)


def test_a_finished_run_is_handed_back(waves: np.ndarray, tmp_path: Path) -> None:
    def run() -> Restored:
        return restore(
            waves, "denoise", arch=TINY, options=QUICK, output=tmp_path / "a", resume=True
        )

    first, second = run(), run()
    assert second.result == first.result
    assert np.array_equal(first.picture.colour, second.picture.colour)


def test_a_finished_run_on_a_jpeg_is_handed_back_without_loss(
    waves: np.ndarray, tmp_path: Path
) -> None:
    Image.fromarray(waves).save(tmp_path / "a.jpg", quality=60)
    words: dict[str, Any] = {"arch": TINY, "options": QUICK, "output": tmp_path / "out"}
    first = restore(tmp_path / "a.jpg", "denoise", **words)
    second = restore(tmp_path / "a.jpg", "denoise", **words, resume=True)
    assert list(second.pictures) == list(first.pictures) == ["restored"]
    assert np.array_equal(first.picture.colour, second.picture.colour)


def test_errors_are_the_documented_ones(waves: np.ndarray) -> None:
    with pytest.raises(OptionError, match=r"fit\.stpes"):
        restore(waves, "denoise", options={"fit.stpes": 3})
    with pytest.raises(PictureError, match="nothing says what is missing"):
        restore(waves, "inpaint", arch=TINY)


def test_dotted_keys() -> None:
    assert nested("a.b.c", 1) == {"a": {"b": {"c": 1}}}
    assert nested("a", 1) == {"a": 1}
