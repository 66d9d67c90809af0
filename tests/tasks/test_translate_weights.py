"""Weights of a translation: they make its picture again, and others."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from translations import FAST, TINY, run

from nasdip_core.errors import OptionError, RunInterruptedError
from nasdip_core.fit.events import Event
from nasdip_core.imaging.read import read_picture
from nasdip_core.pipeline.api import restore
from nasdip_core.testing.pytest_plugin import Answer
from nasdip_core.weights import read_weights

Cli = Callable[..., Answer]


def test_weights_make_the_same_picture_and_others(sets: tuple[Path, Path], tmp_path: Path) -> None:
    blue, red = sets
    output = tmp_path / "out"
    done = run(blue / "2.png", output, task__target=str(red))
    weights = str(output / "weights.safetensors")
    again = run(blue / "2.png", tmp_path / "again", task__weights=weights)
    assert np.array_equal(again.picture.colour, done.picture.colour)
    assert again.result["stopping"]["reason"] == "there was nothing to learn"
    assert again.result["iterations"] == 1
    assert not (tmp_path / "again" / "weights.safetensors").exists()
    other = run("sample:camera", task__weights=weights)
    assert other.picture.colour.shape == (*read_picture("sample:camera").colour.shape[:2], 3)
    # As the pipeline file of the run says.
    repeated = restore(
        str(blue / "2.png"),
        "translate",
        arch=TINY,
        options={"task.weights": weights},
    )
    assert np.array_equal(repeated.picture.colour, done.picture.colour)


def test_weights_of_a_network_without_fit_options(sets: tuple[Path, Path], tmp_path: Path) -> None:
    """They make the picture, whose outputs are averaged no further."""
    blue, red = sets
    own = {"architecture": TINY["architecture"]}
    options = {**FAST, "task.target": str(red), "fit.stopping": "fixed", "fit.steps": 30}
    done = restore(blue / "2.png", "translate", arch=own, options=options, output=tmp_path / "a")
    weights = {"task.weights": str(tmp_path / "a" / "weights.safetensors")}
    again = restore(blue / "2.png", "translate", options=weights)
    assert np.array_equal(again.picture.colour, done.picture.colour)
    # Nothing is fitted, so that no stopping rule has to suit the task.
    assert again.result["stopping"]["rule"] == "fixed"


@pytest.mark.parametrize("pairs", ["none", "grey"])
def test_weights_of_a_run_that_stopped_after_its_last_step(
    sets: tuple[Path, Path], tmp_path: Path, pairs: str
) -> None:
    def stop(event: Event) -> None:
        if event.kind == "fit-ended":
            raise RunInterruptedError("stopped")

    blue, red = sets
    words: dict[str, Any] = {
        "arch": TINY,
        "options": {**FAST, "task.target": str(red / "0.png"), "task.pairs": pairs, "fit.steps": 2},
    }
    with pytest.raises(RunInterruptedError):
        restore(blue / "0.png", "translate", output=tmp_path / "a", observers=[stop], **words)
    restore(blue / "0.png", "translate", output=tmp_path / "a", resume=True, **words)
    restore(blue / "0.png", "translate", output=tmp_path / "b", **words)
    resumed, whole = (read_weights(tmp_path / x / "weights.safetensors") for x in "ab")
    assert resumed.keys() == whole.keys()
    assert all(torch.equal(resumed[name], value) for name, value in whole.items())


def test_weights_of_another_architecture(sets: tuple[Path, Path], tmp_path: Path) -> None:
    blue, red = sets
    run(blue, tmp_path / "out", task__target=str(red))
    words = {"task.weights": str(tmp_path / "out" / "weights.safetensors")}
    with pytest.raises(OptionError, match="of another architecture"):
        restore(str(blue / "0.png"), "translate", arch="dip", options=words)
    with pytest.raises(OptionError, match="cannot read the weights"):
        restore(str(blue / "0.png"), "translate", options={"task.weights": "missing"})


def test_weights_bring_their_network_to_a_timed_run(
    sets: tuple[Path, Path], tmp_path: Path
) -> None:
    blue, red = sets
    done = run(blue / "2.png", tmp_path / "out", task__target=str(red))
    words = {"task.weights": str(tmp_path / "out" / "weights.safetensors")}
    again = restore(str(blue / "2.png"), "translate", options=words | {"seconds": 60})
    assert np.array_equal(again.picture.colour, done.picture.colour)
    with pytest.raises(OptionError, match="leave --arch and --preset out"):
        restore(str(blue / "2.png"), "translate", options=words | {"preset": "fast"})


def test_weights_are_applied_however_little_time_there_is(
    sets: tuple[Path, Path], tmp_path: Path, nasdip_cli: Cli
) -> None:
    blue, red = sets
    run(blue / "2.png", tmp_path / "out", task__target=str(red))
    words = [
        "run",
        blue / "2.png",
        "-t",
        "translate",
        "--weights",
        tmp_path / "out/weights.safetensors",
    ]
    plan = json.loads(nasdip_cli(*words, "--dry-run", "--json").out)
    assert plan["steps"] == 1
    answer = nasdip_cli(*words, "--seconds", "0.001", "-o", tmp_path / "again")
    assert answer.code == 0, answer.err
