"""Standard streams that are closed, full, or have no reader left."""

import subprocess
import sys
from pathlib import Path

import pytest

from nasdip_core.errors import ExitCode

NASDIP = "import sys; from nasdip_core.cli import main; main()"


def run(words: str, redirected: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of nasdip in a shell, which redirects its streams."""
    line = f'exec "$0" -c "$1" {words} {redirected}'
    command = ["sh", "-c", line, sys.executable, NASDIP]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def full() -> str:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    return "/dev/full"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(closed: str) -> None:
    """As daemons and programs of a window start others."""
    done = run("list task", closed)
    assert done.returncode == 0
    assert done.stderr == ""


@pytest.mark.parametrize("words", ["--version", "list"])
def test_what_cannot_be_written_is_told(words: str, full: str) -> None:
    """Little of it when the stream is flushed at the end, much of it before."""
    done = run(words, f"> {full}")
    assert done.returncode == ExitCode.FAILED
    said = "error: cannot write to the standard output: No space left on device\n"
    assert done.stderr == said


def test_letters_that_a_stream_lacks_are_spelt_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = run("describe task.f\N{LATIN SMALL LETTER U WITH DIAERESIS}r", "")
    assert done.returncode == ExitCode.PLUGIN
    assert done.stderr.startswith(r"error: unknown task 'f\xfcr'")


def test_work_goes_on_where_nothing_can_be_said(full: str) -> None:
    assert run("list taks", f"2> {full}").returncode == ExitCode.PLUGIN
