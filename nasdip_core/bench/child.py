"""The process of one unit: `python -m nasdip_core.bench.child`, told what to do on stdin."""

import hashlib
import math
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from nasdip_core.baseline import Baseline
from nasdip_core.bench.folder import BenchFolder
from nasdip_core.bench.units import Unit
from nasdip_core.blame import attributed, said
from nasdip_core.errors import ExitCode, PluginError, RunInterruptedError
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.stack import Stack
from nasdip_core.metric import Metric
from nasdip_core.options import parse
from nasdip_core.parent import order_of_parent
from nasdip_core.pipeline.outcome import picture_from
from nasdip_core.pipeline.prepare import Prepared, prepare
from nasdip_core.pipeline.quality import compare
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.restore import run
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Rendered
from nasdip_core.resources import keep_to_part_of_gpu, peak_memory_bytes
from nasdip_core.restoration import RestorationProblem


def execute(order: Mapping[str, Any]) -> None:
    """Do one unit of `Bench.order` and record its outcome, a failure with its reason."""
    unit, folder = Unit(**order["unit"]), BenchFolder(Path(order["folder"]))
    if "gpu_memory" in order:  # others are on it, too
        keep_to_part_of_gpu(order["gpu_memory"])
    try:
        outcome = _outcome(order, unit, folder)
    except MemoryError:
        folder.fail(unit, "out of memory")
    except Exception as error:  # a plugin may fail in any way, and the bench goes on
        folder.fail(unit, said(attributed(error)))
    else:
        folder.record(unit, outcome)


def _outcome(order: Mapping[str, Any], unit: Unit, folder: BenchFolder) -> dict[str, Any]:
    plugins = Plugins.discover()
    resolved = resolve(order["task"], parse(RestoreRequest, order["request"], ""), plugins, Path())
    prepared = prepare(resolved, plugins)
    sources, inputs = prepared.sources, prepared.sources.inputs()
    truth = inputs.truth
    # The pictures of a bench are clean and are damaged here.
    assert truth is not None
    assert sources.truth is not None
    if order["baseline"] is not None:
        # As of a network: what is imported is there, and what is judged is no part of it.
        started = time.monotonic()
        restored = classical_estimate(order["baseline"], prepare(resolved, plugins), plugins)
        seconds = time.monotonic() - started
        quality = compare(restored, truth)
        found: dict[str, Any] = {
            "quality": dict.fromkeys(("self_stopped", "oracle", "last"), quality),
            "iterations": None,
            "seconds": round(seconds, 3),
            "peak_memory_bytes": peak_memory_bytes(),
        }
    else:
        done = run(resolved, plugins, None)
        restored = done.picture
        found = {key: done.result[key] for key in ("quality", "iterations", "seconds")}
        found["peak_memory_bytes"] = done.result["peak_memory_bytes"]
        found["notes"] = list(done.notes)
    return {
        # Equal for all methods of a picture and seed: they saw the same damage.
        "damage": hashlib.sha256(inputs.picture.numpy().tobytes()).hexdigest(),
        "frames": len(sources.picture.frames) if isinstance(sources.picture, Stack) else 1,
        **found,
        "metrics": _metrics(order["metrics"], restored.tensor(), truth, plugins),
        "files": folder.keep(unit, truth=sources.truth, damaged=sources.picture, restored=restored),
    }


def classical_estimate(name: str, prepared: Prepared, plugins: Plugins) -> Picture:
    """Return what a baseline makes of a prepared problem. Raises PluginError where it cannot."""
    problem, sources = prepared.problem, prepared.sources
    picture = sources.picture
    baseline: Baseline[Any] = plugins.create("baseline", name)
    known = None
    if isinstance(problem, RestorationProblem):
        if not baseline.fills and not bool(problem.known.all()):
            raise PluginError(f"baseline '{name}' does not fill missing pixels")
        if not problem.refinable:
            raise PluginError(f"baseline '{name}' cannot tell what is noise here")
        known = problem.known if problem.copy_known else None
    frames = 1
    if isinstance(problem, RestorationProblem) and isinstance(picture, Stack):
        samples = torch.cat([baseline.restore(frame) for frame in problem.frames()])
        frames = len(picture.frames)
    else:
        samples = baseline.restore(problem)
    wanted = (frames, sources.channels, *problem.result_size)
    if tuple(samples.shape) != wanted:
        raise PluginError(f"baseline '{name}' returned {tuple(samples.shape)}, not {wanted}")
    return picture_from(Rendered(samples, known=known), sources)


def _metrics(
    names: Mapping[str, Any], picture: Tensor, truth: Tensor, plugins: Plugins
) -> dict[str, float | None]:
    values: dict[str, float | None] = {}
    for name, column in names.items():
        metric: Metric = plugins.find("metric", name).made(column["with"], f"metric.{name}")
        # Of a stack the mean over its frames.
        found = [
            metric.measure(frame, true if metric.needs_truth else None)
            for frame, true in zip(*(_frames(each) for each in (picture, truth)), strict=True)
        ]
        told = [value for value in found if value is not None and math.isfinite(value)]
        values[name] = fmean(told) if len(told) == len(found) else None
    return values


def _frames(pictures: Tensor) -> list[Tensor]:
    """Return each of (T, C, H, W) as (1, C, H, W)."""
    return list(pictures[:, None])


def main() -> None:
    """Do the unit that the first line of stdin tells."""
    order = order_of_parent()
    try:
        execute(order)
    except RunInterruptedError:
        sys.exit(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    main()
