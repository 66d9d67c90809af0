"""Benches as users run them: units in processes of their own, killed, crashed, shared."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nasdip_core.bench.run
from nasdip_core.bench.folder import BenchFolder
from nasdip_core.bench.units import Unit

Cli = Callable[..., Any]


class TestProcesses:
    """Units as users run them: each in a process of its own."""

    def start(self, words: tuple[Any, ...], folder: Path) -> "subprocess.Popen[str]":
        script = Path(sys.executable).with_name("nasdip")
        return subprocess.Popen(
            [str(script), *map(str, words), "-o", str(folder)],
            stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def test_a_killed_bench_goes_on(self, words: tuple[Any, ...], tmp_path: Path) -> None:
        folder = tmp_path / "out"
        words = tuple(word for word in words if word not in ("--baseline", "wavelet"))
        process = self.start(words, folder)
        for _ in range(1200):
            if list(folder.glob("units/*.json")):
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kept = {path: path.stat().st_mtime_ns for path in folder.glob("units/*.json")}
        assert len(kept) == 1
        assert not (folder / "bench.json").exists()
        again = self.start(words, folder)
        out, err = again.communicate(timeout=120)
        assert again.returncode == 0, err
        found = json.loads(out)
        assert found["done"] == 2
        assert {path: path.stat().st_mtime_ns for path in kept} == kept
        assert all(unit["peak_memory_bytes"] > 2**20 for unit in found["units"])

    def test_a_crash_is_a_failed_unit(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = BenchFolder(tmp_path / "out")
        folder.open({}, force=False)
        unit = Unit("a.png", "crash", 0)
        nasdip_core.bench.run.done_in_child({"no": "unit"}, unit, folder)
        outcome = folder.outcome(unit)
        assert outcome is not None
        assert outcome["state"] == "failed"
        assert "ended with code 1" in outcome["reason"]
        assert "KeyError" in outcome["reason"]

    def test_several_workers_share_the_units(self, data: Path, cli: Cli) -> None:
        """And what was done already stays."""
        Path("random.py").write_text("raise SystemExit('a file of the user, no module')")
        words = ["bench", "-t", "denoise", "--data", data, "--baseline", "wavelet", "--json"]
        words += ["-S", "corrupt.sigma=25", "-o", "out"]
        answer = cli(*words, "--workers", "2")
        assert answer.code == 0, answer.err
        assert json.loads(answer.out)["done"] == 2
        assert "[2/2]" in answer.err
        assert not list(Path("out").glob("*.journal"))
        kept = {path: path.stat().st_mtime_ns for path in Path("out/units").glob("*.json")}
        again = cli(*words, "--launcher", "processes")
        assert again.code == 0, again.err
        assert {path: path.stat().st_mtime_ns for path in kept} == kept
