"""Matrices from the command line: run, pipeline file, search, bench; every bad file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nasdip_core.bench.child import classical_estimate
from nasdip_core.errors import ExitCode
from nasdip_core.options import parse
from nasdip_core.pipeline.prepare import prepare
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins

Cli = Callable[..., Any]
FAST = ("-S", "fit.steps=2", "-S", "architecture.decoder.widths=8")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A matrix of rank 2 in a file of its own folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    i, j = np.linspace(0, 3, 20)[:, None], np.linspace(0, 2, 18)[None]
    np.save(folder / "table.npy", np.cos(i) * np.sin(j) + 2 + i * j)
    return folder / "table.npy"


def test_run_and_pipeline_file(cli: Cli, table: Path, tmp_path: Path) -> None:
    """The pipeline that a run leaves repeats it."""
    words = ["run", table, "-t", "factorize", "-S", "corrupt.missing=0.3", *FAST]
    first = json.loads(cli(*words, "-o", tmp_path / "a", "--json").out)
    again = json.loads(cli("run", tmp_path / "a/pipeline.yaml", "-o", tmp_path / "b", "--json").out)
    assert again["quality"] == first["quality"]
    assert first["outputs"]["restored"].endswith("restored.npy")
    page = (tmp_path / "a" / "report.html").read_text()
    assert "rows-shown" in page
    plan = json.loads(cli("run", table, "-t", "factorize", *FAST, "--dry-run", "--json").out)
    assert (plan["size"], plan["channels"]) == ([20, 18], 1), "the result's, not a factor's"


@pytest.mark.usefixtures("workers_here")
def test_search(cli: Cli, table: Path, tmp_path: Path) -> None:
    """Entries kept back judge factorizations; the best one is written as an array."""
    done = cli(
        "search", "-t", "factorize", "--data", table, "--trials", "1", "-o", tmp_path / "out",
        "-S", "corrupt.missing=0.3", "-S", "fit.steps=2", "--reward", "held-out",
        "--space", "compact", "--strategy", "random",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert np.load(tmp_path / "out" / "restored.npy").shape == (20, 18)


def test_other_tasks_take_cubes(cli: Cli, tmp_path: Path) -> None:
    """Noise is taken off all channels of an array."""
    np.save(tmp_path / "cube.npy", np.random.default_rng(0).random((16, 16, 5)))
    words = [
        "run",
        tmp_path / "cube.npy",
        "-t",
        "denoise",
        "-S",
        "task.sigma=10",
        "-S",
        "fit.steps=2",
    ]
    done = cli(*words, "-S", "recipe.refine=[]", "-S", "recipe.choice=last", "-o", tmp_path / "out")
    assert done.code == 0, done.err
    assert np.load(tmp_path / "out" / "restored.npy").shape == (16, 16, 5)


def test_baselines_of_a_bench(table: Path, plugins: Plugins) -> None:
    """They return an array like the source."""
    request = parse(RestoreRequest, {"picture": str(table), "corrupt": {}}, "")
    prepared = prepare(resolve("factorize", request, plugins, Path()), plugins)
    for name in ("truncated-svd", "nmf", "soft-impute"):
        assert classical_estimate(name, prepared, plugins).colour.shape == (20, 18, 1)


def test_bench(cli: Cli, table: Path, tmp_path: Path) -> None:
    """A folder of arrays is compared on."""
    words = ["bench", "-t", "factorize", "--data", table.parent, "--baseline", "soft-impute"]
    done = cli(*words, "-o", tmp_path / "bench", "--json")
    assert done.code == 0, done.err
    (row,) = json.loads(done.out)["methods"]
    assert row["units"] == 1
    assert row["psnr"]["self_stopped"] > 15


@pytest.mark.parametrize(
    ("content", "words", "code", "said"),
    [
        ("1,2\n3\n", (), ExitCode.PICTURE, "line 2 has 1 columns, the first has 2"),
        ("", (), ExitCode.PICTURE, "the file is empty"),
        ("1,nan\n3,4\n", (), ExitCode.PICTURE, "1 entries are no numbers (NaN)"),
        (
            "1,2\n3,4\n",
            ("-S", "task.rank=3"),
            ExitCode.OPTION,
            "above the rank of a matrix of 2 x 2",
        ),
    ],
)
def test_bad_tables(
    cli: Cli, tmp_path: Path, content: str, words: tuple[str, ...], code: ExitCode, said: str
) -> None:
    """One clear line and the documented exit code."""
    (tmp_path / "t.csv").write_text(content)
    done = cli("run", tmp_path / "t.csv", "-t", "factorize", *words, "-o", tmp_path / "out")
    assert done.code == code
    assert said in " ".join(done.err.split())
    assert not (tmp_path / "out").exists()


def test_a_folder_of_frames_is_one_source(cli: Cli, tmp_path: Path) -> None:
    """And no batch of pictures."""
    frames = tmp_path / "frames"
    frames.mkdir()
    for i in range(3):
        Image.fromarray(np.full((9, 8), 50 * i + 20, np.uint8)).save(frames / f"{i}.png")
    done = cli("run", frames, "-t", "factorize", *FAST, "-o", tmp_path / "out", "--json")
    assert json.loads(done.out)["schema"] == "nasdip.result/1"
    assert np.load(tmp_path / "out" / "restored.npy").shape == (9, 8, 3)


@pytest.mark.parametrize(
    ("task", "shape", "said"),
    [
        ("inpaint", (12, 12, 3), "has 3 marks a pixel; it must be (H, W)"),
        ("segment", (12, 12, 3), "has 3 marks a pixel; it must be (H, W)"),
        ("factorize", (12, 12, 2), "has 2 marks a pixel; it must be (H, W) or (H, W, 3)"),
    ],
)
def test_a_mask_of_other_channels(
    cli: Cli, tmp_path: Path, task: str, shape: tuple[int, ...], said: str
) -> None:
    np.save(tmp_path / "m.npy", np.random.default_rng(0).random(shape) > 0.8)
    np.save(tmp_path / "p.npy", np.random.default_rng(1).random((12, 12, 3)))
    answer = cli("run", tmp_path / "p.npy", "-t", task, "--mask", tmp_path / "m.npy", *FAST)
    assert answer.code == ExitCode.PICTURE
    assert said in " ".join(answer.err.split())


def test_a_map_that_is_no_picture_is_an_array(cli: Cli, tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.random.default_rng(1).random((64, 64, 5)))
    answer = cli(
        "run", tmp_path / "p.npy", "-t", "dehaze", *FAST, "-S", "fit.stopping=fixed", "-o", "out"
    )
    assert answer.code == 0, answer.err
    assert np.load("out/air-light.npy").shape[2] == 5
