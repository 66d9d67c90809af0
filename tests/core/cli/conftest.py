"""The command line, called in this process."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from pipelines import TWO

from nasdip_core.authoring.new import new_plugin
from nasdip_core.cli import main


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


Cli = Callable[..., Answer]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Return a function that runs `nasdip WORDS...` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*words: Any) -> Answer:
        monkeypatch.setattr(sys, "argv", ["nasdip", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return call


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[str, ...]:
    """Return the words that make a run take a second: a tiny network and three steps."""
    path = tmp_path / "tiny.yaml"
    path.write_text(
        "architecture: {levels: 2, input: {channels: 4}, encoder: {widths: 4, convolutions: 1},"
        " decoder: {widths: 4, pointwise: false}, skip: {widths: 2}}\n"
        "fit: {jitter: 0.1, averaging: 0.9, stopping: fixed}\n"
    )
    return ("--arch", str(path), "-S", "fit.steps=3", "-S", "fit.report_every=1")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture of 32 x 32, the least that five levels take."""
    y, x = np.mgrid[0:32, 0:32] / 32
    samples = 127 + 90 * np.stack([np.sin(5 * x), np.cos(4 * y), np.sin(3 * x + y)], axis=-1)
    path = tmp_path / "small.png"
    Image.fromarray(samples.astype(np.uint8)).save(path)
    return path


@pytest.fixture
def two(tmp_path: Path, waves_file: Path, tiny: tuple[str, ...]) -> Path:
    """A pipeline of three steps, two of which need nothing."""
    assert waves_file.parent == tmp_path
    path = tmp_path / "two.yaml"
    path.write_text(TWO)
    return path


@pytest.fixture
def data(waves: np.ndarray, tmp_path: Path) -> Path:
    """A colour picture and a grey one."""
    folder = tmp_path / "data"
    folder.mkdir()
    Image.fromarray(waves).save(folder / "a.png")
    Image.fromarray(waves[::-1, :, 1]).save(folder / "b [1].png")
    return folder


@pytest.fixture
def words(data: Path, tiny: tuple[str, ...]) -> tuple[Any, ...]:
    """A bench of a tiny network of two steps and a baseline."""
    return (
        "bench", "-t", "denoise", "--data", data, *tiny, "-S", "fit.steps=2",
        "-S", "corrupt.sigma=25", "--baseline", "wavelet", "--json",
    )  # fmt: skip


@pytest.fixture
def mask_file(waves: np.ndarray, tmp_path: Path) -> Path:
    """A mask of some of `waves`."""
    mask = np.zeros(waves.shape[:2], np.uint8)
    mask[5:9, 7:20] = 255
    path = tmp_path / "a mask.png"
    Image.fromarray(mask).save(path)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new plugin without tests, which would take their time."""
    folder = tmp_path / "nasdip-throwaway"
    new_plugin("nasdip-throwaway", "residual", folder)
    for test in (folder / "tests").iterdir():
        test.unlink()
    return folder


@pytest.fixture
def untested(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Run no contracts, which takes seconds: what is looked at is found without them."""
    with monkeypatch.context() as patched:
        patched.setattr("nasdip_core.authoring.check._tests", lambda *_: ([], set()))
        yield patched
