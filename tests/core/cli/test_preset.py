"""`--preset`: an architecture by its family, on the command line and in YAML."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.mark.parametrize("task", ["denoise", "inpaint", "super-resolution"])
def test_a_preset_is_the_architecture_of_the_task(cli: Cli, task: str) -> None:
    answer = cli("run", "-t", task, "--preset", "fast", "--dry-run", "--json")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["architecture"] == f"fast-{task}"


def test_an_unknown_preset(cli: Cli) -> None:
    answer = cli("run", "-t", "denoise", "--preset", "fsat", "--dry-run")
    assert answer.code == 4
    assert "there is no preset 'fsat' for task 'denoise'; did you mean 'fast'?" in answer.err


def test_a_preset_excludes_an_architecture(cli: Cli) -> None:
    assert cli("run", "-t", "denoise", "--preset", "fast", "--arch", "dip").code == 3
    pipeline = Path("both.yaml")
    step = "{id: a, uses: task.denoise, with: {preset: fast, arch: dip}}"
    pipeline.write_text(f"nasdip: 1\nsteps: [{step}]\n")
    answer = cli("run", pipeline, "--dry-run")
    assert (answer.code, "exclude each other" in answer.err) == (3, True)


def test_a_preset_in_a_pipeline_and_words_that_win_over_it(cli: Cli) -> None:
    pipeline = Path("one.yaml")
    pipeline.write_text("nasdip: 1\nsteps: [{id: a, uses: task.denoise, with: {preset: fast}}]\n")
    named = json.loads(cli("run", pipeline, "--dry-run", "--json").out)
    assert named["architecture"] == "fast-denoise"
    other = json.loads(cli("run", pipeline, "--arch", "dip", "--dry-run", "--json").out)
    assert other["architecture"] == "dip"
