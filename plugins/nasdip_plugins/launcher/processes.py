"""Workers as processes of this machine."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

from nasdip_core.errors import ExitCode, NasdipError, RunError, error_of, how_it_ended
from nasdip_core.launcher import Fleet, Launcher
from nasdip_core.resources import cores

PATIENCE_SECONDS = 30.0
"""For how long a worker may take to end the step that it is at."""


class Processes(Launcher):
    """Starts each worker as a Python process of its own."""

    def threads(self, workers: int) -> int | None:
        """Return each worker's share of the cores."""
        return max(1, cores() // workers) if workers > 1 else None

    def gpu_memory(self, workers: int) -> float:
        """Return an equal part: all workers are on one GPU."""
        return 1 / workers

    def launch(self, order: Mapping[str, Any], workers: int) -> Fleet:
        """Start the workers; they end when this process does."""
        return ProcessFleet(order, workers)


class ProcessFleet(Fleet):
    """Child processes, told what to do on their standard input."""

    def __init__(self, order: Mapping[str, Any], workers: int) -> None:
        self._processes: list[tuple[subprocess.Popen[bytes], IO[bytes]]] = []
        line = json.dumps(order).encode() + b"\n"
        # -P: as for the command itself, what lies in the current folder is no module.
        command = [sys.executable, "-P", "-m", "nasdip_core.worker"]
        for _ in range(workers):
            errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with its process
            try:
                process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors
                )
            except OSError as error:
                self.kill()
                raise RunError(f"cannot start a worker: {error.strerror or error}") from None
            self._processes.append((process, errors))
            assert process.stdin is not None
            # Left open: a worker ends when this process does. `failures` tells why one has already.
            with suppress(BrokenPipeError):
                process.stdin.write(line)
                process.stdin.flush()

    def alive(self) -> int:
        """Return how many processes run."""
        return sum(process.poll() is None for process, _ in self._processes)

    def failures(self) -> list[NasdipError]:
        """Return what those that ended badly have said last."""
        return [
            _reason(process.returncode, errors)
            for process, errors in self._processes
            if process.poll() not in (None, ExitCode.OK, ExitCode.INTERRUPTED)
        ]

    def interrupt(self) -> None:
        """Send SIGTERM, wait, and kill what has not ended by then."""
        for process, _ in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        until = time.monotonic() + PATIENCE_SECONDS
        while self.alive() and time.monotonic() < until:
            time.sleep(0.05)
        self.kill()

    def kill(self) -> None:
        """Send SIGKILL to what is left."""
        for process, errors in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdin is not None:
                with suppress(BrokenPipeError):
                    process.stdin.close()
            errors.close()


def _reason(code: int, errors: IO[bytes]) -> NasdipError:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    if code < 0 or not lines:
        return RunError(f"a worker {how_it_ended(code)}")
    return error_of(code, lines[-1].removeprefix("error: "))
