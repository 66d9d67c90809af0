"""The output folder of a run: what is in it stays, is gone on with, or is replaced."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from run_files import FILES

Cli = Callable[..., Any]
Tiny = tuple[str, ...]


def test_an_existing_result_is_refused_resumed_or_replaced(
    cli: Cli, tiny: Tiny, waves_file: Path
) -> None:
    words = ("run", "-t", "denoise", waves_file, "-o", "out", *tiny)
    first = cli(*words, "--json")
    other = Path("out/my notes.txt")
    other.write_text("keep me")
    refused = cli(*words)
    assert refused.code == 1
    assert "'out' holds a result already; use --resume, --force or -o DIR" in refused.err
    resumed = cli(*words, "--resume", "--json")
    assert (resumed.code, resumed.out) == (0, first.out)
    changed = cli(*words, "--resume", "--seed", 5)
    assert changed.code == 3
    assert "other settings" in changed.err
    forced = cli(*words, "--force", "--seed", 5, "--json")
    assert json.loads(forced.out)["seed"] == 5
    assert other.read_text() == "keep me"


def test_what_no_run_has_written_stays(
    cli: Cli, tiny: Tiny, waves_file: Path, mask_file: Path
) -> None:
    folder = Path("here")
    folder.mkdir()
    for source, name in ((waves_file, "damaged.png"), (mask_file, "mask.png")):
        (folder / name).write_bytes(source.read_bytes())
    others = ("mask.txt", "checkpoint-mine.safetensors")
    for other in others:
        (folder / other).write_text("mine")
    words = ("run", folder / "damaged.png", "--mask", folder / "mask.png", "-t", "inpaint", *tiny)
    for again in ((), ("--force",)):
        answer = cli(*words, "-o", folder, *again)
        assert answer.code == 0, answer.err
    assert {path.name for path in folder.iterdir()} == FILES | {
        "damaged.png", "mask.png", *others
    }  # fmt: skip
    assert (folder / "mask.png").read_bytes() == mask_file.read_bytes()


@pytest.mark.parametrize(
    "name", ["mask.png", "restored.png", "restored-lossless.png", "report.html"]
)
def test_a_file_of_the_user_is_not_overwritten(
    cli: Cli, tiny: Tiny, waves_file: Path, name: str
) -> None:
    folder = Path("here")
    folder.mkdir()
    (folder / name).write_text("mine")
    words = ("run", waves_file, "-t", "inpaint", "-S", "corrupt.missing=0.5", *tiny, "-o", folder)
    for again in ((), ("--force",)):
        answer = cli(*words, *again)
        assert answer.code == 1
        assert f"error: 'here/{name}' is in the way of this run" in answer.err
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder / name).read_text() == "mine"


def test_an_input_is_not_overwritten(cli: Cli, tiny: Tiny, waves_file: Path) -> None:
    assert cli("run", waves_file, "-t", "denoise", *tiny, "-o", "out").code == 0
    before = Path("out/restored.png").read_bytes()
    answer = cli("run", "out/restored.png", "-t", "denoise", *tiny, "-o", "out", "--force")
    assert answer.code == 1
    assert "'out/restored.png' is in the way of this run" in answer.err
    assert Path("out/restored.png").read_bytes() == before
