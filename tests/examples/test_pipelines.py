"""The example pipelines: valid, about bundled pictures, and they run."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nasdip_core.cli import app
from nasdip_core.imaging.samples import PREFIX, sample_path
from nasdip_core.pipeline.document import read_pipeline
from nasdip_core.plugins import Plugins

EXAMPLES = Path(__file__).parents[2] / "examples"
PIPELINES = sorted(EXAMPLES.glob("*.yaml"))


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
    words = ["run", str(path), "-S", "fit.steps=2", "-o", str(output)]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    steps = read_pipeline(path).pipeline.steps
    folders = [output / step.id for step in steps] if len(steps) > 1 else [output]
    for folder in folders:
        result = json.loads((folder / "result.json").read_text())
        assert {fit["iterations"] for fit in result["fits"]} == {2}
        assert result["quality"]["self_stopped"]["psnr"] > 5
        assert (folder / "restored.png").stat().st_size > 1000
        assert (folder / "damaged.png").is_file()
