"""The example pipelines: valid, about bundled pictures, and they run."""

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from nasdip_core.cli import app
from nasdip_core.imaging.samples import PREFIX, sample_path
from nasdip_core.pipeline.document import read_pipeline
from nasdip_core.plugins import Plugins
from nasdip_core.workflow.check import check

EXAMPLES = Path(__file__).parents[2] / "examples"
COMPOSITIONS = {
    "album": ["-S", "steps.save.with.to={tmp}/large"],
    "chain": ["-S", "steps.save.with.to={tmp}/large.png"],
    "compare": ["-S", "steps.noisy.with.picture={small}"],
    "search": [
        *("-S", "steps.scratched.with.picture={small}"),
        *("-S", "steps.found.with.trials=1"),
        *("-S", "steps.found.with.options.fit.steps=2"),
    ],
}
"""Pipelines of several kinds of steps, and what makes them small."""
SMALL = {"inpaint": ["-S", "recipe.refine=[]"]}
"""What else makes a run small: its filter takes as long on a picture of full size as many fits."""
PIPELINES = sorted(path for path in EXAMPLES.glob("*.yaml") if path.stem not in COMPOSITIONS)


def test_there_is_one_for_each_task(plugins: Plugins) -> None:
    tasks = [r.offer.name for r in plugins.registrations("task") if r.distribution == "nasdip"]
    assert [path.stem for path in PIPELINES] == tasks
    for path in PIPELINES:
        steps = read_pipeline(path).pipeline.steps
        assert {step.uses for step in steps} == {f"task.{path.stem}"}


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.stem)
def test_pictures_are_bundled(path: Path) -> None:
    for step in read_pipeline(path).pipeline.steps:
        picture = step.with_["picture"]
        assert picture.startswith(PREFIX)
        assert sample_path(picture.removeprefix(PREFIX)).is_file()


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.stem)
def test_they_run(path: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    words = ["run", str(path), "-S", "fit.steps=2", *SMALL.get(path.stem, []), "-o", str(output)]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    steps = read_pipeline(path).pipeline.steps
    folders = [output / step.id for step in steps] if len(steps) > 1 else [output]
    for step, folder in zip(steps, folders, strict=True):
        result = json.loads((folder / "result.json").read_text())
        learns = "weights" not in step.with_.get("task", {})
        assert {fit["iterations"] for fit in result["fits"]} == {2 if learns else 1}
        assert Path(next(iter(result["outputs"].values()))).stat().st_size > 1000
        if "corrupt" in step.with_:
            assert result["quality"]["self_stopped"]["psnr"] > 5
            assert (folder / "damaged.png").is_file()


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_compositions_are_right_and_run(name: str, plugins: Plugins, tmp_path: Path) -> None:
    path = EXAMPLES / f"{name}.yaml"
    _, errors = check(path, plugins)
    assert errors == []
    small = tmp_path / "small.png"
    Image.open(sample_path("coffee")).convert("RGB").resize((64, 48)).save(small)
    words = [word.format(tmp=tmp_path, small=small) for word in COMPOSITIONS[name]]
    if name == "chain":
        words += ["-S", f"steps.noisy.with.picture={small}"]
    words = ["run", str(path), "-S", "fit.steps=2", "-o", str(tmp_path / "out"), *words]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    for step in read_pipeline(path).pipeline.steps:
        assert (tmp_path / "out" / step.id / "step.json").is_file()
