"""Runs interrupted at any moment go on where they stopped: real processes, real signals.

What goes on does so in this process, which spares the start of one.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nasdip_core.cli.run import _resume
from nasdip_core.errors import ExitCode, RunInterruptedError
from nasdip_core.imaging import metadata, read
from nasdip_core.pipeline.folder import RunFolder
from nasdip_core.pipeline.jobs import Plan

Cli = Callable[..., Any]
Tiny = tuple[str, ...]
Finish = Callable[[Path, list[str]], bytes]


def words(folder: Path, waves_file: Path, tiny: Tiny, steps: int) -> list[str]:
    """Return a run that writes checkpoints all the time."""
    fit = ["-S", f"fit.steps={steps}", "-S", "fit.checkpoint_seconds=0.05"]
    return ["run", "-t", "denoise", str(waves_file), "-o", str(folder), *tiny, *fit]


def start(*words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [Path(sys.executable).with_name("nasdip"), *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(folder: Path, pattern: str, process: "subprocess.Popen[str]") -> None:
    """Wait until a file is there, or the process has ended."""
    for _ in range(6000):
        if list(folder.glob(pattern)) or process.poll() is not None:
            return
        time.sleep(0.01)
    raise AssertionError(f"{folder / pattern} was not written")


@pytest.fixture
def finish(cli: Cli) -> Finish:
    """Return what resumes a run to its end and returns its picture."""

    def call(folder: Path, words: list[str]) -> bytes:
        answer = cli(*words, "--resume")
        assert answer.code == 0, answer.err
        assert not list(folder.glob("checkpoint-*"))
        assert not list(folder.glob(".*.part"))
        return (folder / "restored.png").read_bytes()

    return call


@pytest.fixture(scope="module")
def kept() -> dict[int, bytes]:
    """Pictures of runs that nobody has disturbed, by their steps."""
    return {}


@pytest.fixture
def undisturbed(
    kept: dict[int, bytes], tmp_path: Path, waves_file: Path, tiny: Tiny, finish: Finish
) -> Callable[[int], bytes]:
    """Return what gives the picture of an undisturbed run of so many steps; each is made once."""

    def of(steps: int) -> bytes:
        if steps not in kept:
            whole = tmp_path / "whole"
            kept[steps] = finish(whole, words(whole, waves_file, tiny, steps=steps))
        return kept[steps]

    return of


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_goes_on_where_it_stopped(
    tmp_path: Path,
    waves_file: Path,
    tiny: Tiny,
    number: signal.Signals,
    undisturbed: Callable[[int], bytes],
    finish: Finish,
) -> None:
    folder = tmp_path / "out"
    disturbed = [*words(folder, waves_file, tiny, steps=300), "--tracker", "tensorboard"]
    process = start(*disturbed)
    wait_for(folder, "checkpoint-*.safetensors", process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    if number == signal.SIGINT:
        assert process.returncode == 130, err
        how = f"{folder}/pipeline.yaml -o {folder} --resume --tracker nasdip:tensorboard"
        assert f"resume with: nasdip run {how}" in err
        assert "Traceback" not in err
    else:
        assert process.returncode == -signal.SIGKILL
    assert not (folder / "result.json").exists()
    assert finish(folder, disturbed) == undisturbed(300)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    numbers = [event["step"] for event in events if event["event"] == "step"]
    assert numbers == list(range(1, 301))


@pytest.mark.parametrize("moment", ["pipeline.yaml", "restored.png"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_signals_early_and_late(
    tmp_path: Path,
    waves_file: Path,
    tiny: Tiny,
    number: signal.Signals,
    moment: str,
    undisturbed: Callable[[int], bytes],
    finish: Finish,
) -> None:
    folder = tmp_path / "disturbed"
    disturbed = words(folder, waves_file, tiny, steps=40)
    process = start(*disturbed)
    wait_for(folder, moment, process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    # A late signal may find the work done.
    expected = 130 if number == signal.SIGINT else -signal.SIGKILL
    done = process.returncode == 0 and (folder / "result.json").exists()
    assert done or process.returncode == expected, err
    assert finish(folder, disturbed) == undisturbed(40)
    assert not list(folder.glob(".*.part"))


def test_an_interruption_is_not_taken_for_damage(
    cli: Cli, tiny: Tiny, waves_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    words = ("run", "-t", "denoise", waves_file, "-o", "out", *tiny)
    for module, name in ((read, "refuse_not_numbers"), (metadata.Image, "Exif")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, interrupted)
            assert cli(*words).code == 130
            assert not Path("out").exists()
    with pytest.raises(RunInterruptedError), read.naming("a picture"):
        raise RunInterruptedError("interrupted")
    assert cli(*words).code == 0


def test_an_interruption_before_anything_is_imported() -> None:
    early = (
        "import os, signal, sys\n"
        "class Early:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'nasdip_core.cli':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Early())\n"
        "from nasdip_core.start import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", early], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (ExitCode.INTERRUPTED, "error: interrupted\n")


def test_what_force_was_to_replace_is_not_what_to_resume(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").touch()
    folder, planned = RunFolder(tmp_path), Plan("single", [], [])
    how = {"force": True, "trackers": []}
    assert _resume(planned, folder, how) is None
    assert _resume(planned, folder, {**how, "force": False}) is not None
    folder.opened = True
    assert _resume(planned, folder, how) is not None
    said = _resume(Plan("batch", [], []), folder, how)
    assert said == "resume with the same command and --resume in place of --force"
