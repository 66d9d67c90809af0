"""Commands of a search, started by a test, and what its study holds."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import optuna
from optuna.storages import RDBStorage

from nasdip_core.errors import NasdipError
from nasdip_core.study.records import History, Record
from nasdip_core.study.storage import open_storage
from nasdip_core.study.study import load_study

Trials = list[optuna.trial.FrozenTrial]


class Cluster:
    """Commands of a search, and what its study holds."""

    def __init__(self, picture: Path) -> None:
        self.folder = picture.parent
        words = ["-t", "denoise", "--data", str(picture), "-S", "corrupt.sigma=25"]
        words += ["--space", "nas-dip-pattern", "-S", "space.with.proxy_width=16"]
        words += ["-S", "fit.steps=10"]
        words += ["--strategy", "reinforce", "-S", "strategy.with.batch=2"]
        self._words = ["search", *words, "-o", str(self.folder / "out")]
        self._processes: list[subprocess.Popen[str]] = []

    def search(self, study: str, trials: int, *more: str) -> "subprocess.Popen[str]":
        """Start the search."""
        return self.start([*self._words, "--study", study, "--trials", str(trials), *more])

    def start(
        self, words: Sequence[str], before: Sequence[str] = (), **environment: str
    ) -> "subprocess.Popen[str]":
        """Start a command of nasdip, after the words of another program."""
        process = subprocess.Popen(
            [*before, str(Path(sys.executable).with_name("nasdip")), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={**os.environ, **environment},
        )
        self._processes.append(process)
        return process

    def trials(self, study: str) -> Trials:
        """Return the trials that are there; none while the study is being made."""
        try:
            storage = open_storage(study)
        except NasdipError:
            return []
        try:
            return load_study(storage, study).trials
        except NasdipError:
            return []
        finally:
            storage.remove_session()
            if isinstance(backend := getattr(storage, "_backend", None), RDBStorage):
                backend.engine.dispose()

    def records(self, study: str) -> list[Record]:
        history = History()
        history.update(self.trials(study))
        return list(history.records)

    def wait_until(self, study: str, enough: Callable[[Trials], bool]) -> None:
        until = time.monotonic() + 120
        while not enough(self.trials(study)):
            assert time.monotonic() < until, "the search does not get there"
            ended = [p for p in self._processes if p.poll() not in (None, 0, -9)]
            assert not ended, ended[0].communicate()
            time.sleep(0.1)

    def end(self) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()


def finished(trials: Trials) -> int:
    return sum(trial.values is not None for trial in trials)
