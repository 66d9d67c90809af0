"""`nasdip plugins new`: one of each kind, installed by pip, found, and true to its contract."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nasdip_core.authoring.new import kinds, new_plugin
from nasdip_core.errors import NasdipError, OptionError, PluginError, RunError
from nasdip_core.hooks import KINDS

pytest.importorskip("hatchling")


def run(*words: object, path: Path, folder: Path) -> str:
    """Run a Python module with a folder of packages on the path; return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(path)}
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder with a new plugin of each kind, and the folder that pip installed them into."""
    folder = tmp_path_factory.mktemp("plugins")
    site = folder / "site"
    for kind in kinds():
        new_plugin(f"nasdip-my-{kind}", kind, folder / f"nasdip-my-{kind}")
    words = ("--quiet", "--no-index", "--no-build-isolation", "--no-deps", "--target", site)
    projects = sorted(folder.glob("nasdip-my-*"))
    run(
        "pip", "install", "--disable-pip-version-check", *words, *projects, path=site, folder=folder
    )
    return folder, site


def test_every_kind_that_is_called_can_be_begun() -> None:
    assert set(kinds()) == set(KINDS)


def test_all_are_found_with_nothing_to_complain_of(environment: tuple[Path, Path]) -> None:
    folder, site = environment
    printed = run("nasdip_core.cli", "plugins", "list", "--json", path=site, folder=folder)
    states = {
        p["distribution"]: (p["state"], p["reason"], p["remarks"])
        for p in json.loads(printed)["plugins"]
        if p["distribution"].startswith("nasdip-my-")
    }
    assert states == {f"nasdip-my-{kind}": ("loaded", "", []) for kind in kinds()}
    offers = json.loads(run("nasdip_core.cli", "list", "--json", path=site, folder=folder))
    mine = {o["kind"]: o["name"] for o in offers["offers"] if o["name"].startswith("my-")}
    assert mine == {kind: f"my-{kind}" for kind in kinds()}


def test_a_new_task_runs(environment: tuple[Path, Path], tmp_path: Path) -> None:
    """With a network that another task's recipe comes with."""
    _, site = environment
    words = ("run", "--task", "my-task", "-S", "fit.steps=2", "-o", "out", "--json")
    result = json.loads(run("nasdip_core.cli", *words, path=site, folder=tmp_path))
    assert {fit["iterations"] for fit in result["fits"]} == {2}
    assert [part["name"] for part in result["parts"]] == ["fit"]


def test_all_keep_their_contracts(environment: tuple[Path, Path]) -> None:
    folder, site = environment
    tests = sorted(folder.glob("nasdip-my-*/tests"))
    options = ("-q", "-p", "no:cacheprovider", "--import-mode=importlib", "-W", "error")
    printed = run("pytest", *options, *tests, path=site, folder=folder)
    assert re.search(r"^3\d\d passed in", printed, re.MULTILINE), printed


@pytest.mark.parametrize(
    ("name", "kind", "error"),
    [
        ("nasdip-x", "objectiv", PluginError),
        ("nasdip-x", "upsamling", PluginError),
        ("nasdip", "task", OptionError),
        ("nasdip-3d", "task", OptionError),
        ("Nasdip-X", "task", OptionError),
        ("../up", "task", OptionError),
        ("class", "task", OptionError),
        ("nasdip-none", "metric", OptionError),
        ("torch", "task", OptionError),
    ],
)
def test_what_cannot_be_begun(
    tmp_path: Path, name: str, kind: str, error: type[NasdipError]
) -> None:
    with pytest.raises(error):
        new_plugin(name, kind, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(RunError, match="something in it"):
        new_plugin("nasdip-x", "task", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
