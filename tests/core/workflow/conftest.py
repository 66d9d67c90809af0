"""Pipelines of seconds: tiny pictures, steps that need no fit, and one fit of a step."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nasdip_core.pipeline.document import read_pipeline
from nasdip_core.pipeline.jobs import changed
from nasdip_core.plugins import Plugins
from nasdip_core.workflow.graph import graph_of
from nasdip_core.workflow.run import Workflow

sys.path.insert(0, str(Path(__file__).parent))

from flows import Make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a clean picture, and an album of two."""
    y, x = np.mgrid[0:24, 0:32] / 32
    samples = np.stack([np.sin(6 * x + 2), np.cos(5 * y + x), np.sin(4 * (x + y))], axis=-1)
    picture = Image.fromarray(np.round(127.5 + 100 * samples).astype(np.uint8))
    picture.save(tmp_path / "clean.png")
    (tmp_path / "album").mkdir()
    picture.save(tmp_path / "album" / "one.png")
    picture.rotate(180).save(tmp_path / "album" / "two.png")
    (tmp_path / "tiny.yaml").write_text(
        "architecture: {levels: 2, input: {channels: 4}, encoder: {widths: 4, convolutions: 1},"
        " decoder: {widths: 4, pointwise: false}, skip: {widths: 2}}\n"
        "fit: {steps: 2, stopping: fixed}\n"
    )
    return tmp_path


@pytest.fixture
def make(folder: Path, plugins: Plugins) -> Make:
    """Return a function from YAML to a workflow into `folder/out`."""

    def call(text: str, **more: Any) -> Workflow:
        path = folder / "flow.yaml"
        path.write_text(text, encoding="utf-8")
        steps = {id_: {"with": each} for id_, each in more.get("changes", {}).items()}
        said = {**more.get("given", {}), **({"steps": steps} if steps else {})}
        graph = graph_of(changed(read_pipeline(path), said), plugins)
        return Workflow(graph, "flow", folder / more.get("output", "out"), plugins)

    return call
