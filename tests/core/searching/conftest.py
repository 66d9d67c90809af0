"""Searches of seconds: tiny pictures, toy spaces, one worker within the process of the test."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

import search_toys
from searcher import TINY, Searcher, listed

import nasdip_core
from nasdip_core.plugins import Plugins


@pytest.fixture(scope="session")
def toys() -> Plugins:
    """The plugins of this environment and the toys."""
    plugins = Plugins.discover()
    added = plugins.add(search_toys, "toys", "toys")
    assert added.state == "loaded", added.reason
    return plugins


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of five pictures of 16 x 16."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    draws = np.random.default_rng(1)
    for i in range(5):
        samples = draws.integers(40 * i, 40 * i + 60, (16, 16, 3)).astype(np.uint8)
        Image.fromarray(samples).save(folder / f"{'abcde'[i]}.png")
    return folder


@pytest.fixture
def searcher(tmp_path: Path, toys: Plugins) -> Searcher:
    """A search in a folder of its own."""
    return Searcher(tmp_path / "out", toys)


@pytest.fixture
def another(tmp_path: Path, toys: Plugins) -> Callable[[str], Searcher]:
    """Return a function to further searches."""
    return lambda name: Searcher(tmp_path / name, toys)


@pytest.fixture
def search(
    toys: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """Return `nasdip_core.search` with toys, in this process."""
    monkeypatch.setattr("nasdip_core.searching.trials.BARREN", 9)

    def call(data: Path, proposals: list[tuple[int, int]], trials: int, **more: Any) -> Any:
        options = {**TINY, "space": "toy", "reward": "width", "limits": more.pop("limits", {})}
        options |= {"launcher": "inline", "strategy": listed(*proposals)}
        return nasdip_core.search(
            data,
            more.pop("task", "denoise"),
            trials=trials,
            options=options | more.pop("options", {}),
            **{"output": tmp_path / "out", "plugins": toys, **more},
        )

    return call
