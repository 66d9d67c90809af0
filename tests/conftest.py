"""Fixtures for every test: one thread, one set of plugins, tiny pictures."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from nasdip_core.plugins import Plugins


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Also in the processes that tests start: several tests run side by side."""
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(autouse=True)
def _no_shared_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test measures of the machine is nothing to another, nor to the user.

    And the user's plugins and settings are nothing to the tests.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache-of-the-test"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings-of-the-test"))
    # A worker within a test's own process would keep it to a part.
    monkeypatch.setenv("NASDIP_MEMORY_SHARE", "1")
    monkeypatch.setenv("NASDIP_GPU_PART", "1")


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """The plugins of this environment."""
    return Plugins.discover()


@pytest.fixture
def waves() -> np.ndarray:
    """A smooth colourful 24 x 32 picture, uint8."""
    y, x = np.mgrid[0:24, 0:32] / 32
    channels = [np.sin(6 * x + 2), np.cos(5 * y + x), np.sin(4 * (x + y))]
    return np.round(127.5 + 100 * np.stack(channels, axis=-1)).astype(np.uint8)


@pytest.fixture
def waves_file(waves: np.ndarray, tmp_path: Path) -> Path:
    """The same as a PNG file."""
    from PIL import Image

    path = tmp_path / "waves.png"
    Image.fromarray(waves).save(path)
    return path


@pytest.fixture
def dead_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every process of Python that is started has failed before it is spoken to."""

    class Dead(subprocess.Popen[bytes]):
        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)

    monkeypatch.setattr(sys, "executable", "/bin/false")
    monkeypatch.setattr(subprocess, "Popen", Dead)
