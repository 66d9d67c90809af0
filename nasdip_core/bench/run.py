"""Runs the units of a bench, each in a process of its own, and reports what there is."""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from nasdip_core.bench.folder import BenchFolder
from nasdip_core.bench.page import write_bench_page
from nasdip_core.bench.table import as_csv, as_markdown, shown_quality, table_rows
from nasdip_core.bench.units import Bench, Unit, units_of
from nasdip_core.errors import ExitCode, OptionError, RunInterruptedError, how_it_ended
from nasdip_core.study.records import REASON
from nasdip_core.study.units import share
from nasdip_core.supervise import Crew

SCHEMA = "nasdip.bench/1"

_POLL_SECONDS = 0.5
_ENDED_BY_USER = (ExitCode.INTERRUPTED, -signal.SIGINT, -signal.SIGTERM)
"""Exit codes of a unit that has heard Ctrl-C as well, or was ended by a scheduler."""

Say = Callable[[str], None]


def run_bench(
    bench: Bench,
    path: Path,
    *,
    shard: tuple[int, int] = (1, 1),
    force: bool = False,
    say: Say,
    crew: Crew | None = None,
) -> dict[str, Any]:
    """Do the units that are not finished, then report; return the `nasdip.bench/1` object.

    They are done one by one, or by the workers of a `crew`. Raises OptionError where the folder
    holds a bench with other settings, or files of something else.
    """
    folder, settings = BenchFolder(path), bench.settings()
    made = {folder.units.resolve(), folder.pictures.resolve()}
    if any(picture.resolve().parent in made for picture in bench.pictures.values()):
        raise OptionError(
            f"the pictures lie where the bench in '{path}' puts its own", "choose another -o DIR"
        )
    folder.open(settings, force=force)
    units = bench.units(shard)
    if crew is not None:
        _share(bench, [unit for unit in units if not folder.done(unit)], folder, crew, say)
        return report(folder, settings)
    for i, unit in enumerate(units, start=1):
        if not folder.done(unit):
            done_in_child(bench.order(unit, path), unit, folder)
            say(f"[{i}/{len(units)}] {_told(unit, folder.outcome(unit))}")
    return report(folder, settings)


def _share(bench: Bench, units: Sequence[Unit], folder: BenchFolder, crew: Crew, say: Say) -> None:
    done = 0

    def look(place: int, trial: FrozenTrial) -> None:
        nonlocal done
        done += 1
        unit, reason = units[place], trial.user_attrs.get(REASON)
        if reason is not None:
            folder.fail(unit, reason)
        say(f"[{done}/{len(units)}] {_told(unit, folder.outcome(unit))}")

    order = {"work": "bench", "units": [bench.order(unit, folder.path) for unit in units]}
    share(folder.path, order, crew, look, say)


def done_in_child(
    order: Mapping[str, Any],
    unit: Unit,
    folder: BenchFolder,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Do one unit in a process of its own; whatever happens, there is an outcome.

    Raises RunInterruptedError where the user stops it: only then there is none.
    """
    in_child(order, unit, folder, stopped)
    if folder.outcome(unit) is None:
        folder.fail(unit, "the process left no outcome")


def merge_benches(sources: Sequence[Path], path: Path, *, force: bool = False) -> dict[str, Any]:
    """Join folders of equal settings in another one; return the `nasdip.bench/1` object.

    Raises OptionError where settings differ.
    """
    if path.resolve() in [source.resolve() for source in sources]:
        raise OptionError(f"'{path}' cannot be merged into itself", "choose another -o DIR")
    folders = [BenchFolder(source) for source in sources]
    settings = folders[0].read_settings()
    for other in folders[1:]:
        if other.read_settings() != settings:
            raise OptionError(f"'{other.path}' and '{folders[0].path}' have other settings")
    target = BenchFolder(path)
    target.open(settings, force=force)
    for source in folders:
        for unit in units_of(settings):
            target.take(source, unit)
    return report(target, settings)


def report(folder: BenchFolder, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Write the tables and the page of the outcomes that are there."""
    units = units_of(settings)
    outcomes = [found for unit in units if (found := folder.outcome(unit)) is not None]
    rows = table_rows(settings, outcomes)
    failures = [o for o in outcomes if o["state"] == "failed"]
    result = {
        "schema": SCHEMA,
        "settings": settings,
        "planned": len(units),
        "done": len(outcomes) - len(failures),
        "failed": len(failures),
        "methods": rows,
        "units": outcomes,
    }
    folder.write(folder.markdown, as_markdown(settings, rows))
    folder.write(folder.csv, as_csv(settings, rows))
    folder.write(folder.result, json.dumps(result, indent=2) + "\n")
    write_bench_page(folder, result)
    return result


def in_child(
    order: Mapping[str, Any], unit: Unit, folder: BenchFolder, stopped: Callable[[], bool]
) -> None:
    """Do one unit in a process of its own; a crash of it is a failed unit.

    Raises RunInterruptedError where the user ends that process, or this one.
    """
    # -P: what lies in the current folder is no module.
    command = [sys.executable, "-P", "-m", "nasdip_core.bench.child"]
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors
        ) as process:
            assert process.stdin is not None
            try:
                # Left open: the child ends when this process does.
                process.stdin.write(json.dumps(order).encode() + b"\n")
                process.stdin.flush()
                code = _end_of(process, stopped)
            except BrokenPipeError:
                with suppress(BrokenPipeError):
                    process.stdin.close()  # what it has not read is still held
                code = process.wait()
            except BaseException:
                process.kill()
                raise
        if code in _ENDED_BY_USER or (code and stopped()):
            raise RunInterruptedError("interrupted")
        if code:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
            folder.fail(unit, _crash(code, lines[-1] if lines else ""))


def _end_of(process: subprocess.Popen[bytes], stopped: Callable[[], bool]) -> int:
    """Wait for the end of a unit and return its exit code; nothing is kept of a part of it."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_POLL_SECONDS)
        if stopped():
            raise RunInterruptedError("interrupted")


def _crash(code: int, last: str) -> str:
    return f"the process {how_it_ended(code)}" + (f": {last}" if last and code > 0 else "")


def _told(unit: Unit, outcome: Mapping[str, Any] | None) -> str:
    where = f"{unit.picture}, {unit.method}, seed {unit.seed}"
    if outcome is None:
        return f"{where}: done elsewhere; this machine does not see it yet"
    if outcome["state"] == "failed":
        return f"{where}: failed: {outcome['reason']}"
    return f"{where}: {shown_quality(outcome)}, {outcome['seconds']:.1f} s"
