"""A table of made-up fits."""

import gzip
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from fits import TASKS
from made_up import record
from pack import pack, read
from table import Table
from work import plain

from nasdip_core.imaging.samples import sample_path


@pytest.fixture(scope="session")
def work_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of shards: 400 points, the first diverged, some by two more seeds."""
    folder = tmp_path_factory.mktemp("work")
    for name, places, seeds in (
        ("main-000", range(200), [0]),
        ("main-001", (*range(200, 400), *plain()), [0]),
        ("seeds-000", range(80), [1, 2]),
        ("plain-000", plain(), range(1, 8)),
    ):
        fits = [
            record(place, task, p, seed)
            for place in places
            for task in TASKS
            for p in (0, 1)
            for seed in seeds
        ]
        if name == "main-000":
            fits[0] = record(0, "denoise", 0, psnr=[10.0] + [math.nan] * 10, stopped=math.nan)
        content = {
            "part": name.partition("-")[0],
            "pictures": ["a.jpg", "b.jpg", "c.jpg", "d.jpg"],
            "versions": {"nasdip": "0", "torch": "0"},
            "fits": fits,
        }
        file = folder / f"{name}.json.gz"
        file.write_bytes(gzip.compress(json.dumps(content).encode()))
    return folder


@pytest.fixture(scope="session")
def table(work_folder: Path) -> Table:
    file = work_folder / "table.npz"
    np.savez_compressed(file, **pack(read(work_folder)))  # type: ignore[arg-type]
    return Table(file)


@pytest.fixture
def four_pictures(tmp_path: Path) -> Path:
    """Return a folder of pictures to fit."""
    for number in range(4):
        shutil.copy(sample_path("chelsea"), tmp_path / f"{number}.png")
    return tmp_path
