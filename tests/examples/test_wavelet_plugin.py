"""The example of a plugin, used as a stranger would: from its own wheel."""

import ast
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("hatchling")
PROJECT = Path(__file__).parents[2] / "examples" / "nasdip-wavelet"
OFFERS = {
    "architecture": "wavelet-net",
    "residual": "dyadic",
    "strategy": "octaves",
    "task": "starlet",
    "upsampling": "haar",
}
Run = Callable[..., str]


@pytest.fixture(scope="module")
def nasdip(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a function that runs `nasdip WORDS...` where the wheel is installed."""
    folder = tmp_path_factory.mktemp("wavelet")
    environment = {**os.environ, "PYTHONPATH": str(folder / "site")}

    def python(*words: object) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *map(str, words)],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-index")
    python("pip", "wheel", *quiet, "--no-build-isolation", "-w", folder, PROJECT)
    (wheel,) = folder.glob("*.whl")
    assert "nasdip_wavelet/wavelet-net.yaml" in zipfile.ZipFile(wheel).namelist()
    python("pip", "install", *quiet, "--target", folder / "site", wheel)
    return lambda *words: python("nasdip_core.cli", *words)


def test_it_imports_the_core_alone() -> None:
    files = sorted(PROJECT.rglob("*.py"))
    assert len(files) > 8
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top = name.partition(".")[0]
                assert top in {"nasdip_core", "nasdip_wavelet"} or not top.startswith("nasdip")


def test_it_is_found(nasdip: Run) -> None:
    told = json.loads(nasdip("plugins", "show", "nasdip-wavelet", "--json"))
    assert (told["state"], told["reason"], told["remarks"]) == ("loaded", "", [])
    assert {o["kind"]: o["name"] for o in told["offers"]} == OFFERS


def test_it_is_checked_with_its_own_tests(nasdip: Run) -> None:
    assert nasdip("plugins", "check", PROJECT) == "nothing is wrong\n"


def test_it_runs_from_yaml(nasdip: Run, tmp_path: Path) -> None:
    pipeline = PROJECT / "starlet.yaml"
    words = ("-o", tmp_path / "out", "-S", "fit.steps=2", "--json")
    result = json.loads(nasdip("run", pipeline, *words))
    assert (result["task"], result["architecture"]) == ("starlet", "wavelet-net")
    assert result["quality"]["self_stopped"]["psnr"] > 5
    assert (tmp_path / "out" / "restored.png").is_file()


def test_it_is_searched_over(nasdip: Run, waves_file: Path, tmp_path: Path) -> None:
    words = ["search", "--task", "starlet", "--data", waves_file, "--strategy", "octaves"]
    words += ["--trials", "2", "-o", tmp_path / "search", "--json"]
    for option in ("fit.steps=2", "fit.stopping=fixed", "reward=held-out"):
        words += ["-S", option]
    words += ["-S", "limits.parameters=60000"]
    told = json.loads(nasdip(*words))
    assert told["trials"]["done"] == 2
    assert told["settings"]["strategy"]["uses"] == "octaves"
