"""The page of a bench shows stacks and arrays as they are."""

import base64
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nasdip_core.bench.units import Unit
from nasdip_core.imaging.read import read_stack

Cli = Callable[..., Any]
Tiny = tuple[str, ...]


@pytest.mark.parametrize("suffix", [".tif", ".npy"])
def test_stacks_are_measured_frame_by_frame_and_the_middle_one_is_shown(
    cli: Cli, waves: np.ndarray, tiny: Tiny, tmp_path: Path, here: list[Unit], suffix: str
) -> None:
    (tmp_path / "films").mkdir()
    film = tmp_path / "films" / f"film{suffix}"
    frames = np.stack([np.roll(waves, shift, axis=1) for shift in range(3)])
    if suffix == ".npy":
        np.save(film, frames / 255)
    else:
        first, *others = map(Image.fromarray, frames)
        first.save(film, save_all=True, append_images=others)
    answer = cli(
        "bench", "-t", "denoise", "--data", tmp_path / "films", *tiny, "-S", "fit.steps=2",
        "-S", "corrupt.sigma=25", "-S", "task.stack=true", "--baseline", "wavelet",
        "--metric", "psnr-y", "--json", "-o", "out",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert len(here) == 2
    table = json.loads(answer.out)
    assert [method["failed"] for method in table["methods"]] == [0, 0]
    films = list((tmp_path / "out").rglob(f"*--seed-0{suffix}"))
    assert films
    assert all(len(read_stack(path).tensor()) == 3 for path in films)
    assert np.array_equal(panels(Path("out/index.html"))[0], frames[1])


def panels(page: Path) -> list[np.ndarray]:
    """Return the pictures on a page."""
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', page.read_text())
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) for data in found]


def test_arrays_with_gaps_are_shown(cli: Cli, tmp_path: Path, here: list[Unit]) -> None:
    (tmp_path / "tables").mkdir()
    table = np.add.outer(np.linspace(0, 0.5, 20), np.linspace(0, 0.5, 16))
    table[3, 4] = np.nan
    np.save(tmp_path / "tables" / "table.npy", table)
    answer = cli(
        "bench", "-t", "factorize", "--data", tmp_path / "tables", "--baseline", "soft-impute",
        "-S", "task.nan_missing=true", "-o", "out",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    truth = panels(Path("out/index.html"))[0]
    assert truth.shape == (20, 16)
    assert truth[3, 4] == 0
