"""The fixtures for authors: isolated, and without weight in other people's tests."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import nasdip_core.testing
from nasdip_core.hooks import Offer
from nasdip_core.pipeline.restore import Restored
from nasdip_core.plugins import Plugin, Plugins
from nasdip_core.testing.pytest_plugin import Answer


def test_other_tests_import_nothing_of_weight(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(
        "import sys\n"
        "def test_other():\n"
        "    assert 'nasdip_core.testing.pytest_plugin' in sys.modules\n"
        "    heavy = {'torch', 'numpy', 'pydantic', 'optuna', 'typer', 'nasdip_core.plugins'}\n"
        "    assert not heavy & set(sys.modules)\n"
    )
    words = ["-q", "-W", "error", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    # Other plugins of this environment may import what they like.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    words += ["-p", "nasdip_core.testing.pytest_plugin"]
    subprocess.run(
        [sys.executable, "-m", "pytest", *words, str(tmp_path)],
        env=environment, cwd=tmp_path, check=True, timeout=60, capture_output=True,
    )  # fmt: skip


def test_every_contract_can_be_imported() -> None:
    for name in nasdip_core.testing.__all__:
        assert getattr(nasdip_core.testing, name).__name__ == name
    assert set(nasdip_core.testing.__all__) <= set(dir(nasdip_core.testing))
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        nasdip_core.testing.Nonsense  # noqa: B018  # the access is the test


def test_the_manager_is_isolated(
    nasdip_plugins: Plugins, nasdip_settings: Path, nasdip_throwaway: Callable[..., Plugin]
) -> None:
    assert not nasdip_settings.exists()
    assert {p.distribution for p in nasdip_plugins.plugins if p.state == "loaded"} == {"nasdip"}
    plugin = nasdip_throwaway(Offer("activation", "mine", "s", factory="torch.nn:ReLU"))
    assert plugin.state == "loaded"
    assert nasdip_plugins.find("activation", "mine").distribution == "throwaway"
    assert not Plugins.discover().registrations("activation", "mine")


def test_commands_run_in_an_empty_folder(nasdip_cli: Callable[..., Answer]) -> None:
    assert list(Path.cwd().iterdir()) == []
    answer = nasdip_cli("list", "task", "inpaint", "--json")
    assert json.loads(answer.out)["offers"][0]["name"] == "inpaint"
    assert nasdip_cli("list", "moon").code == 4


def test_a_fit_takes_a_moment(
    nasdip_fit: Callable[..., Restored], nasdip_picture: np.ndarray, tmp_path: Path
) -> None:
    restored = nasdip_fit(options={"corrupt.sigma": 25}, output=tmp_path / "out")
    assert restored.picture.colour.shape == nasdip_picture.shape
    assert restored.result["iterations"] == 3
    assert (tmp_path / "out" / "report.html").is_file()
