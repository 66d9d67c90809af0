"""Bad pictures and odd names: a documented exit code and one clear line."""

import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
import yaml
from PIL import Image
from refusals import one_line

from nasdip_core.errors import RunInterruptedError

Cli = Callable[..., Any]
Tiny = tuple[str, ...]


def bomb() -> bytes:
    """Return a small PNG that declares 60000 x 60000 pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data


@pytest.mark.parametrize("role", ["picture", "mask"])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no such file"),
        (b"", "the file is empty"),
        (b"not a picture at all", "no picture is found in it"),
        (b"cut", "truncated"),
        (b"bomb", "too many pixels"),
    ],
)
def test_files_that_are_no_pictures(
    cli: Cli, tiny: Tiny, waves_file: Path, content: bytes | None, says: str, role: str
) -> None:
    bad = Path("bad.png")
    if content == b"bomb":
        content = bomb()
    elif content == b"cut":
        content = waves_file.read_bytes()[:400]
    if content is not None:
        bad.write_bytes(content)
    picture, mask = (bad, waves_file) if role == "picture" else (waves_file, bad)
    answer = cli("run", "-t", "inpaint", picture, "--mask", mask, "-o", "out", *tiny)
    line = one_line(answer, 5)
    assert "bad.png" in line
    assert says in line
    assert not Path("out").exists()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers(cli: Cli, tiny: Tiny, value: float) -> None:
    samples = np.full((12, 14, 3), 0.5, np.float32)
    samples[3, 4, 1] = value
    tifffile.imwrite("bad.tif", samples, photometric="rgb")
    line = one_line(cli("run", "-t", "denoise", "bad.tif", "-o", "out", *tiny), 5)
    assert "bad.tif" in line
    assert "not numbers" in line
    assert not Path("out").exists()


def test_an_empty_name(cli: Cli, tiny: Tiny) -> None:
    assert "PICTURE is empty" in one_line(cli("run", "", "-t", "denoise", *tiny), 3)


def test_a_step_that_needs_another_in_a_file_of_one(cli: Cli, waves_file: Path) -> None:
    for with_, needs, says in (
        (f"picture: '{waves_file}'", "[zz]", "there is no step 'zz'"),
        ("picture: '${a.restored}'", "[]", "need each other: a -> a"),
    ):
        steps = f"- {{id: a, uses: task.denoise, with: {{{with_}}}, needs: {needs}}}"
        Path("one.yaml").write_text(f"nasdip: 1\nsteps:\n{steps}\n")
        line = one_line(cli("run", "one.yaml", "-o", "out"), 3)
        assert says in line
        assert line == one_line(cli("check", "one.yaml"), 3)


def test_a_list_of_files_that_is_damaged(cli: Cli, tiny: Tiny, waves_file: Path) -> None:
    Path("out").mkdir()
    Path("out/.nasdip-files.json").write_text("[")
    line = one_line(cli("run", "-t", "denoise", waves_file, "-o", "out", *tiny), 1)
    assert "cannot read 'out/.nasdip-files.json'" in line
    assert not Path("out/restored.png").exists()


def test_an_interruption_before_anything_was_written(
    cli: Cli, tiny: Tiny, waves_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise RunInterruptedError("interrupted")

    monkeypatch.setattr("nasdip_core.pipeline.restore.prepare", interrupted)
    line = one_line(cli("run", "-t", "denoise", waves_file, "-o", "out", *tiny), 130)
    assert line == "error: interrupted"


def test_a_mask_of_everything(cli: Cli, tiny: Tiny, waves_file: Path) -> None:
    Image.new("L", (32, 24), 255).save("all.png")
    answer = cli("run", "-t", "inpaint", waves_file, "--mask", "all.png", "-o", "out", *tiny)
    assert "every pixel is marked as missing" in one_line(answer, 5)
    assert not Path("out").exists()


def test_a_mask_of_labels(cli: Cli, tiny: Tiny, waves_file: Path) -> None:
    """0 and 1 in place of 0 and 255, which looks black."""
    mask = np.zeros((24, 32), np.uint8)
    mask[5:9, 5:9] = 1
    Image.fromarray(mask).save("labels.png")
    answer = cli("run", "-t", "inpaint", waves_file, "--mask", "labels.png", "-o", "out", *tiny)
    assert "the brightest of the mask is 1 of 255" in one_line(answer, 5)


@pytest.mark.parametrize("value", [0, 77, 255])
def test_a_constant_picture_works(cli: Cli, tiny: Tiny, value: int) -> None:
    Image.new("RGB", (20, 16), (value,) * 3).save("flat.png")
    assert cli("run", "-t", "denoise", "flat.png", "-o", "out", *tiny).code == 0
    assert Path("out/report.html").exists()


def test_an_output_folder_that_is_a_file(cli: Cli, tiny: Tiny, waves_file: Path) -> None:
    Path("file").write_text("mine")
    answer = cli("run", "-t", "denoise", waves_file, "-o", "file", *tiny)
    assert "cannot write to 'file'" in one_line(answer, 1)
    assert Path("file").read_text() == "mine"


@pytest.mark.parametrize(
    "message",
    ["[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes", None],
)
def test_out_of_memory_says_what_to_lower(
    cli: Cli, tiny: Tiny, waves_file: Path, monkeypatch: pytest.MonkeyPatch, message: str | None
) -> None:
    forward = torch.nn.Conv2d.forward

    def fail(layer: torch.nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
        if x.is_meta:  # the plan of the network takes no memory
            return forward(layer, x)
        raise MemoryError if message is None else RuntimeError(message)

    monkeypatch.setattr(torch.nn.Conv2d, "forward", fail)
    line = one_line(cli("run", "-t", "denoise", waves_file, "-o", "out", *tiny), 1)
    assert "out of memory" in line
    assert "lower --tile, take a smaller picture" in line


def test_nothing_is_written_beside_the_picture(
    cli: Cli, tiny: Tiny, waves_file: Path, waves: np.ndarray
) -> None:
    album = Path("album")
    album.mkdir()
    Image.fromarray(waves).save(album / "a.png")
    album.chmod(0o555)
    before = album.stat().st_mtime_ns
    assert cli("run", "-t", "denoise", album / "a.png", *tiny).code == 0
    assert Path("nasdip-out/a-denoise/restored.png").exists()
    assert album.stat().st_mtime_ns == before
    assert [path.name for path in album.iterdir()] == ["a.png"]
    album.chmod(0o755)


NAMES = [
    "a b.png", "two\nlines.png", "it's \"quoted\".png", "-dash.png", "--mask.png", "фото 図.png",
    "a: {b} #c.png", "%s$HOME`x`.png", "[bold]red.png", "café.png",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_of_picture_mask_and_folder(
    cli: Cli, tiny: Tiny, waves_file: Path, name: str
) -> None:
    waves_file.rename(name)
    mask, folder = f"m {name}", f"out {name}"
    hole = np.zeros((24, 32), np.uint8)
    hole[5:9, 6:12] = 255
    Image.fromarray(hole).save(mask)
    words = ("-t", "inpaint", "--mask", mask, "-o", folder, *tiny, "--json", "--", name)
    answer = cli("run", *words)
    assert answer.code == 0, answer.err
    result = json.loads(Path(folder, "result.json").read_text("utf-8"))
    assert result == json.loads(answer.out)
    assert result["outputs"]["restored"] == str(Path(folder, "restored.png"))
    with_ = yaml.safe_load(Path(folder, "pipeline.yaml").read_text("utf-8"))["steps"][0]["with"]
    assert with_["picture"] == str(Path(name).absolute())
    assert with_["mask"] == str(Path(mask).absolute())
    again = cli("run", "-o", "again", "--json", f"{folder}/pipeline.yaml")
    assert again.code == 0, again.err
    assert Path("again/restored.png").read_bytes() == Path(folder, "restored.png").read_bytes()
    missing = cli("run", "-t", "denoise", *tiny, "--", f"none {name}")
    assert " ".join(name.split()) in one_line(missing, 5)


def test_names_that_are_no_text(tmp_path: Path, waves_file: Path, tiny: Tiny) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9 \xff.png"
    waves_file.rename(os.fsdecode(name))
    folder = os.fsencode(tmp_path) + b"/out \xfe"
    process = subprocess.run(
        [
            Path(sys.executable).with_name("nasdip"),
            "run",
            "-t",
            "denoise",
            "-o",
            folder,
            *tiny,
            name,
        ],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},
    )
    assert b"Traceback" not in process.stderr
    written = Path(os.fsdecode(folder))
    assert (written / "report.html").exists()
    outputs = json.loads((written / "result.json").read_text("utf-8"))["outputs"]
    assert os.fsencode(outputs["restored"]) == folder + b"/restored.png"
    document = yaml.safe_load((written / "pipeline.yaml").read_text("utf-8"))
    assert os.fsencode(document["steps"][0]["with"]["picture"]) == name
    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize(
    ("picture", "says"),
    [("{{ picture }}", "a key must be a single word"), ("2024-13-45", "month must be in 1..12")],
)
@pytest.mark.parametrize("command", ["run", "check"])
def test_yaml_that_python_cannot_hold(cli: Cli, command: str, picture: str, says: str) -> None:
    text = f"nasdip: 1\nsteps:\n- id: a\n  uses: task.denoise\n  with:\n    picture: {picture}\n"
    Path("flow.yaml").write_text(text)
    answer = cli(command, "flow.yaml")
    assert answer.code == 3
    assert "internal error" not in answer.err
    assert says in answer.err


@pytest.mark.parametrize("words", [["run", "-t", "denoise"], ["check"]])
def test_a_name_that_the_system_finds_too_long(cli: Cli, words: list[str]) -> None:
    name = "a" * 300 + ".png"
    if words == ["check"]:
        step = f"{{id: a, uses: task.denoise, with: {{picture: {name}}}}}"
        Path("flow.yaml").write_text(f"nasdip: 1\nsteps:\n- {step}\n")
    line = one_line(cli(*words, name if words[0] == "run" else "flow.yaml"), 1)
    assert "File name too long" in line


@pytest.mark.parametrize("words", [("-o", ""), ("--output=",), ("--output", "")])
def test_an_option_without_a_value_is_no_folder(
    cli: Cli, waves_file: Path, tiny: Tiny, words: tuple[str, ...]
) -> None:
    before = set(Path().rglob("*"))
    line = one_line(cli("run", waves_file, "-t", "denoise", *tiny, *words), 3)
    assert line.endswith("is empty; an unset variable of the shell?")
    assert set(Path().rglob("*")) == before
    answer = cli("bench", "-t", "denoise", "--data", waves_file.parent, *tiny, *words)
    assert "is empty" in one_line(answer, 3)
