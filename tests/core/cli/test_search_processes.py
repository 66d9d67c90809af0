"""Searches that are killed, doubled or interrupted: real processes, nothing lost."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from searches import start, trials, wait_until, words

from nasdip_core.errors import ExitCode
from nasdip_core.study.records import History
from nasdip_core.study.storage import open_storage, study_url
from nasdip_core.study.study import load_study

Cli = Callable[..., Any]


def children(process: "subprocess.Popen[str]") -> list[int]:
    """Return the processes that a command has started, at least one."""
    found = subprocess.run(
        ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True
    )
    return [int(pid) for pid in found.stdout.split()]


def test_killed_at_any_moment_nothing_is_lost(cli: Cli, picture: Path, tmp_path: Path) -> None:
    """A worker, then everything; the trials that were done stay done, none is left running."""
    output = tmp_path / "out"
    command = words(picture, output, 5, "--workers", "2", "-S", "fit.steps=15")
    process = start(command)
    wait_until(output, lambda found: any(t.state.is_finished() for t in found))
    os.kill(children(process)[0], signal.SIGKILL)
    wait_until(output, lambda found: sum(t.state.is_finished() for t in found) >= 2)
    process.kill()
    process.communicate()
    kept = {t.number: t.values for t in trials(output) if t.values is not None}
    assert kept
    ended = cli(*command)
    assert ended.code == 0, ended.err
    found = trials(output)
    assert all(found[number].values == values for number, values in kept.items())
    assert all(t.state.is_finished() for t in found)
    history = History()
    history.update(found)
    assert sum(r.counts for r in history.records) == 5
    # a worker may have asked for one more before it saw that the others had made the last
    assert {r.state for r in history.records if r.state != "surplus"} == {"done"}


def test_two_searches_on_one_study_at_once(picture: Path, tmp_path: Path) -> None:
    """Into one folder; together they make the trials that each was asked for."""
    kept = tmp_path / "runs.db"
    command = words(picture, tmp_path / "out", 4, "--study", str(kept), "--name", "both")
    both = [start(command), start(command)]
    for process in both:
        _, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
    url = study_url(kept)
    history = History()
    history.update(load_study(open_storage(url), url, "both").trials)
    assert sum(r.counts for r in history.records) == 4
    assert {r.state for r in history.records if r.counts} == {"done"}
    assert not any(r.state == "open" for r in history.records)


def test_ctrl_c_ends_the_workers_and_says_how_to_go_on(picture: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    process = start(words(picture, output, 50, "-S", "fit.steps=10"))
    wait_until(output, lambda found: any(t.state.is_finished() for t in found))
    workers = children(process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "error: interrupted; the same command goes on" in err
    assert not any(t.state is optuna.trial.TrialState.RUNNING for t in trials(output))
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
