"""`nasdip search --join`: a study's place is all that a further worker needs."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from searches import trials

from nasdip_core.errors import ExitCode
from nasdip_core.study.lease import LEASE
from nasdip_core.study.records import History

Cli = Callable[..., Any]
TRIALS = 3
SPACE = ("--space", "nas-dip-pattern", "-S", "space.with.proxy_width=16")


@pytest.fixture
def search(tmp_path: Path, waves: np.ndarray) -> Iterator["subprocess.Popen[bytes]"]:
    """A search that has begun, into `out`."""
    Image.fromarray(np.vstack([waves, waves[:8]])).save(tmp_path / "small.png")
    words = ["search", "-t", "denoise", "--data", "small.png", "-S", "corrupt.sigma=25"]
    words += ["--strategy", "random", "-S", "fit.steps=10", *SPACE]
    words += ["--trials", str(TRIALS), "-o", "out"]
    process = subprocess.Popen(
        [Path(sys.executable).with_name("nasdip"), *words],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    yield process
    process.kill()
    process.communicate()


def begun(output: Path) -> None:
    until = time.monotonic() + 60
    # A worker that dies before it has a lease is missed after a minute only.
    while not any(LEASE in trial.system_attrs for trial in trials(output)):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_another_terminal_joins_in(
    search: "subprocess.Popen[bytes]",
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From a folder of its own; both end with the study. Of another version it is refused."""
    begun(tmp_path / "out")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.chdir(elsewhere)
    joined = cli("search", "--join", tmp_path / "out", "--json")
    assert joined.code == 0, joined.err
    assert json.loads(joined.out)["compared"]
    assert search.wait(60) == 0, search.stderr
    found = trials(tmp_path / "out")
    history = History()
    history.update(found)
    assert sum(r.counts for r in history.records) == TRIALS
    assert list(elsewhere.iterdir()) == []
    monkeypatch.setattr("nasdip_core.study.order.version", lambda _: "0.9.9")
    for words in (["--join", tmp_path / "out"], _again(tmp_path)):
        refused = cli("search", *words)
        assert refused.code == ExitCode.STUDY
        assert "is searched by nasdip 0.1.0, and this is 0.9.9; install nasdip 0.1" in refused.err
        assert refused.err.count("\n") == 1
    assert len(trials(tmp_path / "out")) == len(found)
    assert cli("search", "status", tmp_path / "out").code == 0, "it can still be read"


def test_who_joins_goes_on_where_the_first_has_died(
    search: "subprocess.Popen[bytes]", cli: Cli, tmp_path: Path
) -> None:
    begun(tmp_path / "out")
    search.kill()
    search.wait()
    joined = cli("search", "--join", tmp_path / "out")
    assert joined.code == 0, joined.err
    assert f"{TRIALS} trials done" in joined.err


def _again(folder: Path) -> list[Any]:
    words = ["-t", "denoise", "--data", folder / "small.png", "-S", "corrupt.sigma=25"]
    words += ["--strategy", "random", "-S", "fit.steps=10", *SPACE]
    return [*words, "-o", folder / "out"]


def test_what_cannot_be_joined(cli: Cli, tmp_path: Path) -> None:
    none = cli("search", "--join", tmp_path / "none")
    assert (none.code, "there is no study" in none.err) == (ExitCode.STUDY, True)
    for words in (["--trials", "9"], ["-S", "fit.steps=3"], ["--space", "compact"], ["-t", "x"]):
        both = cli("search", "--join", tmp_path / "none", *words)
        assert (both.code, "--join takes" in both.err) == (ExitCode.OPTION, True)
