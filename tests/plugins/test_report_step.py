"""The page of several runs: whatever they have restored, the best first."""

import json
import re
from pathlib import Path
from typing import Any

from nasdip_core.plugins import Plugins
from nasdip_core.step import StepContext
from nasdip_plugins.step.report import Report


def page(folder: Path, plugins: Plugins, results: dict[str, Any]) -> str:
    """The page of results that are given by their pictures and qualities."""
    files = {}
    for name, (picture, psnr) in results.items():
        quality = None if psnr == "no truth" else {"self_stopped": {"psnr": psnr}}
        result = {
            "schema": "nasdip.result/1",
            "task": "denoise",
            "architecture": "tiny",
            "seconds": 1.0,
            "outputs": {"restored": str(picture)},
            "quality": quality,
        }
        (folder / f"{name}.json").write_text(json.dumps(result))
        files[name] = f"{name}.json"
    step = Report(title="Runs", results=files, order="quality")
    made = step.run(StepContext(folder, folder, plugins, print))
    return Path(made["page"]).read_text("utf-8")


def test_the_best_comes_first(waves_file: Path, plugins: Plugins) -> None:
    psnrs = {"none": "no truth", "far": 0.0, "near": 30.0, "same": None}
    shown = page(
        waves_file.parent, plugins, {name: (waves_file, psnr) for name, psnr in psnrs.items()}
    )
    rows = re.findall(r'scope="row">(\w+)<.*?</td><td class=\'number\'>(.*?)<', shown)
    assert rows == [("same", "identical"), ("near", "30.00 dB"), ("far", "0.00 dB"), ("none", "")]


def test_of_a_stack_a_frame_is_shown(waves_file: Path, plugins: Plugins) -> None:
    frames = waves_file.parent / "restored"
    frames.mkdir()
    for name in ("1.png", "2.png"):
        (frames / name).write_bytes(waves_file.read_bytes())
    results = {"film": (frames, 30.0), "picture": (waves_file, 20.0)}
    panels = re.findall(r'src="(data:[^"]*)"', page(waves_file.parent, plugins, results))
    assert len(panels) == 2
    assert panels[0] == panels[1]
