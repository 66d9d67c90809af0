"""The step that damages: a following step finds all that the damage has made."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from nasdip_core.imaging.read import read_picture
from nasdip_core.options import parse
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.sources import read_sources
from nasdip_core.plugins import Plugins
from nasdip_core.step import StepContext
from nasdip_plugins.step.corrupt import Corrupt


def outputs(
    folder: Path, plugins: Plugins, task: str, picture: str = "waves.png", **corrupt: Any
) -> dict[str, str]:
    """What the step puts out, on a picture beside its folder."""
    out = folder / "out"
    out.mkdir(exist_ok=True)
    step = Corrupt(task=task, picture=picture, corrupt=corrupt, seed=3)
    return dict(step.run(StepContext(out, folder, plugins, print)))


def damaged_in_a_run(path: Path, plugins: Plugins, task: str, **corrupt: Any) -> Any:
    """The damage of a run of the task with the same seed."""
    request = parse(RestoreRequest, {"picture": str(path), "corrupt": corrupt, "seed": 3}, "")
    resolved = resolve(task, request, plugins, Path())
    made = plugins.create("task", task, plugins)
    return read_sources(resolved, made, {}).damage


def problem(
    task: str, picture: str, plugins: Plugins, mask: str | None = None, **options: Any
) -> Any:
    """The problem of the task that takes what the step has made."""
    request = parse(RestoreRequest, {"picture": picture, "mask": mask, "task": options}, "")
    resolved = resolve(task, request, plugins, Path())
    made = plugins.create("task", task, plugins)
    inputs = read_sources(resolved, made, {}).inputs()
    return made.problem(inputs, resolved.task, torch.Generator())


def test_one_further_picture(waves_file: Path, plugins: Plugins) -> None:
    made = outputs(waves_file.parent, plugins, "flash", sigma=10)
    guide = damaged_in_a_run(waves_file, plugins, "flash", sigma=10).guide
    assert torch.allclose(read_picture(made["guide"]).tensor(), guide, atol=0.5 / 255 + 1e-6)
    assert problem("flash", made["damaged"], plugins, flash=made["guide"]).measured.shape[1] == 3
    assert "measured" not in made


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_several_are_a_folder(
    waves: np.ndarray, tmp_path: Path, plugins: Plugins, suffix: str
) -> None:
    Image.fromarray(waves).save(tmp_path / f"waves.{suffix}")
    damage = {"shared": "watermark", "album": ["sample:coffee", "sample:rocket"]}
    earlier = outputs(tmp_path, plugins, "separate", f"waves.{suffix}", **damage)["guide"]
    (Path(earlier) / "9.png").write_bytes(b"of an earlier damage of more pictures")
    made = outputs(tmp_path, plugins, "separate", f"waves.{suffix}", **damage)
    assert sorted(p.name for p in Path(made["guide"]).iterdir()) == ["2.png", "3.png"]
    found = problem(
        "separate", made["damaged"], plugins, shared="watermark", others=[made["guide"]]
    )
    guide = damaged_in_a_run(tmp_path / f"waves.{suffix}", plugins, "separate", **damage).guide
    assert torch.allclose(found.measured[1:], guide, atol=0.5 / 255 + 1e-6)


def test_measurements(waves_file: Path, plugins: Plugins) -> None:
    damage = {"operator": "compressed-sensing", "with": {"ratio": 0.5}}
    made = outputs(waves_file.parent, plugins, "operator", **damage)
    measured = damaged_in_a_run(waves_file, plugins, "operator", **damage).measured
    options = {**damage, "measurements": made["measured"]}
    assert torch.equal(problem("operator", made["damaged"], plugins, **options).measured, measured)
    assert "guide" not in made


@pytest.mark.parametrize(("task", "marks"), [("inpaint", 1), ("factorize", 3)])
def test_the_mask_of_an_array_has_the_form_of_a_run(
    waves: np.ndarray, tmp_path: Path, plugins: Plugins, task: str, marks: int
) -> None:
    """A mark a pixel, or one an entry where the task takes arrays."""
    np.save(tmp_path / "waves.npy", waves / np.float32(2))
    made = outputs(tmp_path, plugins, task, "waves.npy", missing=0.5)
    mask = damaged_in_a_run(tmp_path / "waves.npy", plugins, task, missing=0.5).mask
    assert mask.shape[1] == marks
    assert torch.equal(read_picture(made["mask"]).tensor() == 1, mask)
    problem(task, made["damaged"], plugins, mask=made["mask"])


def test_where_nothing_is_missing_the_mask_is_black(waves_file: Path, plugins: Plugins) -> None:
    made = outputs(waves_file.parent, plugins, "denoise")
    assert read_picture(made["mask"]).colour.shape == (24, 32, 1)
    assert not read_picture(made["mask"]).colour.any()
