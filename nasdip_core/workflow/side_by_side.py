"""Steps that do not need each other, side by side: each in a process of its own."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from nasdip_core.errors import (
    ExitCode,
    NasdipError,
    RunInterruptedError,
    error_of,
    how_it_ended,
)
from nasdip_core.resources import environment_of_one_of
from nasdip_core.workflow.graph import Node
from nasdip_core.workflow.run import Workflow
from nasdip_core.workflow.state import Done, done_step

_POLL_SECONDS = 0.05
_TOLD = "error: "
_REMARK = "note: "


def run_side_by_side(
    workflow: Workflow,
    nodes: Sequence[Node],
    done: Mapping[str, Done],
    command: Sequence[str],
    workers: int,
    say: Callable[[str], None],
) -> dict[str, Done]:
    """Do steps by `command --only ID`, so many at once; return all that is done.

    After a failure nothing new is begun, what runs is let finish, and the failure is raised.
    """
    found, left = dict(done), list(nodes)
    running: dict[str, tuple[subprocess.Popen[bytes], IO[bytes]]] = {}
    failure: NasdipError | RunInterruptedError | None = None
    try:
        while running or (left and failure is None):
            for node in [n for n in left if n.needs <= found.keys()]:
                if failure is not None or len(running) >= workers:
                    break
                left.remove(node)
                say(f"{node.step.id}: begun")
                running[node.step.id] = _start([*command, "--only", node.step.id], workers)
            for id_, (process, errors) in list(running.items()):
                if process.poll() is None:
                    continue
                del running[id_]
                known = done_step(workflow.place(id_))
                if process.returncode == ExitCode.OK and known is not None:
                    found[id_] = known
                    for remark in _lines(errors, _REMARK):
                        say(f"{id_}: {_REMARK}{remark}")
                    say(f"{id_}: done")
                else:
                    failure = failure or _failure(id_, process.returncode, errors)
                errors.close()
            time.sleep(_POLL_SECONDS)
    except BaseException:
        for process, _ in running.values():
            process.terminate()
        for process, _ in running.values():
            process.wait()
        raise
    if failure is not None:
        raise failure
    return found


def _start(command: Sequence[str], workers: int) -> tuple["subprocess.Popen[bytes]", IO[bytes]]:
    errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with its process
    # -P: what lies in the current folder is no module.
    program = [sys.executable, "-P", "-c", "from nasdip_core.cli import main; main()", *command]
    process = subprocess.Popen(
        program, stdout=subprocess.DEVNULL, stderr=errors, env=environment_of_one_of(workers)
    )
    return process, errors


def _failure(id_: str, code: int, errors: IO[bytes]) -> NasdipError | RunInterruptedError:
    if code == ExitCode.INTERRUPTED:
        return RunInterruptedError(f"step '{id_}' was interrupted")
    told = _lines(errors, _TOLD)
    if code < 0 or not told:
        return error_of(code, f"step '{id_}' {how_it_ended(code)}")
    return error_of(code, told[-1])


def _lines(errors: IO[bytes], beginning: str) -> list[str]:
    """Return what follows the beginning, of the lines that have it."""
    errors.seek(0)
    lines = errors.read().decode(errors="replace").splitlines()
    return [line.removeprefix(beginning) for line in lines if line.startswith(beginning)]
