"""Fixtures for tests of plugins; pytest finds them where nasdip is installed.

Nothing of nasdip is imported before a test asks for a fixture. `-p no:nasdip` leaves them out.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import numpy as np

    from nasdip_core.hooks import Offer
    from nasdip_core.pipeline.restore import Restored
    from nasdip_core.plugins import Plugin, Plugins

_VARIABLES = (
    "NASDIP_DISABLE_PLUGINS", "NASDIP_PLUGIN", "NASDIP_PLUGINS_DIR", "NASDIP_TRACE",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str


@pytest.fixture
def nasdip_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder of settings: the user's own plugins and choices are not seen."""
    base = tmp_path / "settings-of-the-test"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(base))
    monkeypatch.setenv("XDG_CACHE_HOME", str(base / "cache"))
    for name in _VARIABLES:
        # Set, so that what a command sets is taken back as well.
        monkeypatch.setenv(name, "")
    return base / "nasdip"


@pytest.fixture
def nasdip_plugins(
    nasdip_settings: Path,  # noqa: ARG001  # sets the variables
    monkeypatch: pytest.MonkeyPatch,
) -> "Plugins":
    """Return the built-in plugins alone, in an object of the test's own."""
    from nasdip_core.discovery import sources
    from nasdip_core.plugins import OWN_DISTRIBUTION, Plugins

    guests = {s.distribution for s in sources()} - {OWN_DISTRIBUTION}
    with monkeypatch.context() as patch:
        patch.setenv("NASDIP_DISABLE_PLUGINS", ",".join(guests))
        return Plugins.discover()


@pytest.fixture
def nasdip_throwaway(nasdip_plugins: "Plugins") -> "Callable[..., Plugin]":
    """Return a function that adds a plugin to `nasdip_plugins`: offers, and hooks by their names.

    nasdip_throwaway(Offer(...), nasdip_after_run=function, distribution="mine")
    """
    from nasdip_core.hooks import hookimpl

    def add(
        *offers: "Offer", distribution: str = "throwaway", **hooks: Callable[..., Any]
    ) -> "Plugin":
        module = ModuleType(distribution.replace("-", "_"))

        def nasdip_offers() -> "list[Offer]":
            return list(offers)

        for name, function in {"nasdip_offers": nasdip_offers, **hooks}.items():
            setattr(module, name, hookimpl(function))
        return nasdip_plugins.add(module, "throwaway", distribution)

    return add


@pytest.fixture
def nasdip_cli(
    nasdip_settings: Path,  # noqa: ARG001  # sets the variables
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Callable[..., Answer]]:
    """Return a function that runs `nasdip WORDS...` within this process, in an empty folder."""
    from nasdip_core.cli import main

    folder = tmp_path / "cli"
    folder.mkdir()
    monkeypatch.chdir(folder)
    handler = signal.getsignal(signal.SIGINT)

    def call(*words: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["nasdip", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    yield call
    signal.signal(signal.SIGINT, handler)


@pytest.fixture
def nasdip_picture() -> "np.ndarray[Any, Any]":
    """Return smooth colourful waves, (24, 32, 3) uint8."""
    import numpy as np

    y, x = np.mgrid[0:24, 0:32] / 32
    channels = [np.sin(6 * x + 2), np.cos(5 * y + x), np.sin(4 * (x + y))]
    waves: np.ndarray[Any, Any] = np.stack(channels, axis=-1)
    return np.round(127.5 + 100 * waves).astype(np.uint8)


@pytest.fixture
def nasdip_fit(
    nasdip_plugins: "Plugins", nasdip_picture: "np.ndarray[Any, Any]"
) -> "Callable[..., Restored]":
    """Return a function that restores the picture in three steps of a tiny network.

    nasdip_fit("denoise", options={"corrupt.sigma": 25, "fit.steps": 5}, output=folder)
    """
    from nasdip_core.pipeline.api import restore

    network = {
        "name": "tiny",
        "architecture": {
            "levels": 2,
            "input": {"channels": 4},
            "encoder": {"widths": 4, "convolutions": 1},
            "decoder": {"widths": 4, "pointwise": False},
            "skip": {"widths": 2},
        },
    }
    quick = {"fit.steps": 3, "fit.stopping": "fixed", "fit.report_every": 1}

    def fit(
        task: str = "denoise",
        *,
        options: dict[str, Any] | None = None,
        arch: str | dict[str, Any] | None = None,
        **given: Any,
    ) -> "Restored":
        return restore(
            nasdip_picture,
            task,
            arch=arch or network,
            options={**quick, **(options or {})},
            plugins=nasdip_plugins,
            **given,
        )

    return fit
