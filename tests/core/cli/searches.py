"""Searches of tiny fits, as commands in processes of their own, and what their studies hold."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import optuna

from nasdip_core.study.storage import study_url, used_storage
from nasdip_core.study.study import load_study

FAST = ["-S", "fit.steps=2", "-S", "space.with.proxy_width=16", "--space", "nas-dip-pattern"]


def words(data: Path, output: Path, trials: int = 2, *more: str) -> list[str]:
    """Return a search of tiny fits."""
    damage = ["-S", "corrupt.missing=0.5", "--strategy", "random"]
    given = ["search", "-t", "inpaint", "--data", str(data), "--trials", str(trials)]
    return [*given, "-o", str(output), *damage, *FAST, *more]


def start(command: Sequence[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [Path(sys.executable).with_name("nasdip"), *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    process = start(command)
    out, err = process.communicate(timeout=250)
    return subprocess.CompletedProcess([], process.returncode, out, err)


def trials(output: Path) -> list[optuna.trial.FrozenTrial]:
    """Return the trials that a study has now; none where there is no study yet."""
    if not (output / "study.db").exists():
        return []
    try:
        url = study_url(output)
        with used_storage(url) as storage:
            return load_study(storage, url).trials
    except Exception:  # it is being made
        return []


def wait_until(output: Path, enough: Callable[[list[optuna.trial.FrozenTrial]], bool]) -> None:
    for _ in range(2400):
        if enough(trials(output)):
            return
        time.sleep(0.1)
    raise AssertionError("the search does not get there")
