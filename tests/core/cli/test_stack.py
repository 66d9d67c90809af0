"""Films and volumes by the command line: one run of a folder, one search, clear words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nasdip_core.errors import ExitCode

Cli = Callable[..., Any]
Tiny = tuple[str, ...]


@pytest.fixture
def film(waves: np.ndarray, tmp_path: Path) -> Path:
    """Three frames."""
    folder = tmp_path / "film"
    folder.mkdir()
    for shift in range(3):
        Image.fromarray(np.roll(waves, shift, axis=1)).save(folder / f"{shift}.png")
    return folder


@pytest.mark.parametrize("damage", [(), ("-S", "corrupt.sigma=25")])
def test_a_folder_is_one_run(cli: Cli, film: Path, tiny: Tiny, damage: tuple[str, ...]) -> None:
    words = ("run", film, "-t", "denoise", *tiny, "-S", "task.stack=true", *damage)
    answer = cli(*words, "-o", "out", "--json")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["schema"] == "nasdip.result/1"
    assert len(list(Path("out/restored").iterdir())) == 3
    again = cli("run", "out/pipeline.yaml", "-o", "again")
    assert again.code == 0, again.err
    for frame in Path("out/restored").iterdir():
        assert (Path("again/restored") / frame.name).read_bytes() == frame.read_bytes()


def test_without_the_option_every_frame_is_a_run(cli: Cli, film: Path, tiny: Tiny) -> None:
    answer = cli("run", film, "-t", "denoise", *tiny, "-o", "out", "--json")
    assert json.loads(answer.out)["schema"] == "nasdip.batch/1"


def test_a_plan_says_how_many_frames(cli: Cli, film: Path, tiny: Tiny) -> None:
    words = ("run", film, "-t", "denoise", *tiny, "-S", "task.stack=true", "--dry-run")
    plan, one = (
        json.loads(cli(*each, "--json").out)
        for each in (words, ("run", film / "0.png", *words[2:-3], "--dry-run"))
    )
    assert (plan["frames"], one["frames"]) == (3, 1)
    assert plan["macs"] == 3 * one["macs"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("film/0.png", "it is no stack of frames; a folder of frames, a TIFF of several pages"),
        ("empty", "it has 0 frames, two are needed"),
        ("sample:camera", "cannot read sample:camera: it is no stack of frames"),
        ("nowhere", "there is no such file"),
    ],
)
def test_what_is_no_stack(cli: Cli, film: Path, tiny: Tiny, source: str, said: str) -> None:
    (film.parent / "empty").mkdir()
    answer = cli("run", source, "-t", "denoise", *tiny, "-S", "task.stack=true", "-o", "out")
    assert answer.code == ExitCode.PICTURE
    assert said in " ".join(answer.err.split())
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("-S", "task.stack=true"), ExitCode.PICTURE, "a stack without a picture; give PICTURE"),
        (("film", "-S", "task.stack=1"), ExitCode.OPTION, "task.stack"),
    ],
)
def test_a_stack_that_is_asked_for_wrongly(
    cli: Cli, film: Path, tiny: Tiny, words: tuple[str, ...], code: ExitCode, said: str
) -> None:
    answer = cli("run", *words, "-t", "denoise", *tiny, "-o", "out")
    assert answer.code == code
    assert said in " ".join(answer.err.split())
    assert not Path("out").exists()


@pytest.mark.usefixtures("workers_here")
def test_a_film_is_searched_for(cli: Cli, film: Path) -> None:
    answer = cli(
        "search", "-t", "denoise", "--data", film, "-S", "task.stack=true", "-S", "task.sigma=20",
        "-S", "fit.steps=1", "-S", "limits.parameters=30000", "--strategy", "random",
        "--trials", "1", "-o", "found", "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert sorted(frame.name for frame in Path("found/restored").iterdir()) == [
        "0.png",
        "1.png",
        "2.png",
    ]
