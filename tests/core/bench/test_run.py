"""Processes of units: what ends them, and what becomes of the unit."""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from fleets import Ended

from nasdip_core.bench.child import execute
from nasdip_core.bench.folder import BenchFolder
from nasdip_core.bench.run import done_in_child, run_bench
from nasdip_core.bench.units import Unit, plan_bench
from nasdip_core.errors import RunInterruptedError
from nasdip_core.launcher import Fleet, Launcher
from nasdip_core.plugins import Plugins
from nasdip_core.study.storage import open_storage, study_url
from nasdip_core.study.units import do_units, units_study
from nasdip_core.supervise import Crew
from nasdip_core.worker import work

UNIT = Unit("a.png", "tiny", 0)


@pytest.fixture
def folder(tmp_path: Path) -> BenchFolder:
    made = BenchFolder(tmp_path / "out")
    made.open({}, force=False)
    return made


@pytest.fixture
def process_of_a_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return what lets a line of the shell stand for the process of a unit."""

    def stand_in(line: str) -> None:
        script = tmp_path / "python"
        script.write_text(f"#!/bin/sh\nread order\n{line}\n")
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))

    return stand_in


# What the shell itself ignores, as in the background, its own `kill` cannot undo.
BY_CTRL_C = f"""exec {sys.executable} -c '
import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.kill(os.getpid(), signal.SIGINT)'"""


@pytest.mark.parametrize("line", [BY_CTRL_C, "kill -TERM $$", "exit 130"])
def test_what_the_user_ends_has_not_failed(
    line: str, folder: BenchFolder, process_of_a_unit: Callable[[str], None]
) -> None:
    """Ctrl-C reaches every process of a command."""
    process_of_a_unit(line)
    with pytest.raises(RunInterruptedError):
        done_in_child({}, UNIT, folder)
    assert folder.outcome(UNIT) is None


def test_what_is_killed_has_failed(
    folder: BenchFolder, process_of_a_unit: Callable[[str], None]
) -> None:
    process_of_a_unit("kill -KILL $$")
    done_in_child({}, UNIT, folder)
    outcome = folder.outcome(UNIT)
    assert outcome is not None
    assert "SIGKILL; was there enough memory?" in outcome["reason"]


@pytest.mark.usefixtures("dead_processes")
def test_what_dies_before_it_reads_its_order_has_failed(folder: BenchFolder) -> None:
    done_in_child({}, UNIT, folder)
    outcome = folder.outcome(UNIT)
    assert outcome is not None
    assert "ended with code 1" in outcome["reason"]


@pytest.mark.parametrize("line", ["exec sleep 60", "exit 1"])
def test_a_worker_that_is_stopped_does_not_wait_for_its_unit(
    line: str, folder: BenchFolder, process_of_a_unit: Callable[[str], None]
) -> None:
    process_of_a_unit(line)
    begun = time.monotonic()
    with pytest.raises(RunInterruptedError):
        done_in_child({}, UNIT, folder, lambda: True)
    assert time.monotonic() - begun < 20
    assert folder.outcome(UNIT) is None


def test_the_process_of_a_unit_keeps_to_its_part_of_a_gpu(
    folder: BenchFolder, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It computes, and the worker that waits for it does not."""
    taken: list[float | str] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", taken.append)

    def in_this_process(order: Mapping[str, Any], *_: object) -> None:
        taken.append("unit")
        execute(order)

    monkeypatch.setattr("nasdip_core.bench.run.in_child", in_this_process)
    url = study_url(folder.path / "units.journal")
    units_study(open_storage(url, create=True), "x")
    unit = {"picture": UNIT.picture, "method": UNIT.method, "seed": UNIT.seed}
    order = {"work": "bench", "units": [{"unit": unit, "folder": str(folder.path)}]}
    order |= {"study": url, "name": "x", "threads": None, "gpu_memory": 0.25}
    work(order, plugins)
    assert taken == ["unit", 0.25]


def test_an_outcome_that_a_shared_disk_does_not_show_yet(
    tmp_path: Path, plugins: Plugins, waves_file: Path
) -> None:
    """Another machine has written it; the same command finds it later."""

    class Elsewhere(Launcher):
        def launch(self, order: Mapping[str, Any], workers: int) -> Fleet:
            do_units(order, lambda: False, lambda *_: 0.0)
            return Ended()

    said: list[str] = []
    bench = plan_bench("denoise", waves_file.parent, {}, plugins, baselines=["wavelet"])
    found = run_bench(bench, tmp_path / "out", say=said.append, crew=Crew(Elsewhere(), 1))
    assert (found["planned"], found["done"], found["failed"]) == (1, 0, 0)
    assert "does not see it yet" in said[0]
