"""A comparison of methods as a step of a pipeline."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasdip_core.bench.run import run_bench
from nasdip_core.bench.units import plan_bench
from nasdip_core.errors import RunError
from nasdip_core.step import Step, StepContext


class Bench(Step):
    """The same as `nasdip bench`, in the step's folder; one that is there goes on."""

    def __init__(
        self,
        *,
        task: str,
        data: str,
        arch: list[str],
        preset: list[str],
        baseline: list[str],
        metric: list[str],
        seeds: int,
        options: Mapping[str, Any],
    ) -> None:
        self._task = task
        self._data = data
        self._arch = arch
        self._preset = preset
        self._baseline = baseline
        self._metric = metric
        self._seeds = seeds
        self._options = options

    def run(self, context: StepContext) -> Mapping[str, str]:
        """Do every unit. Raises RunError where units have failed."""
        planned = plan_bench(
            self._task,
            Path(self._data),
            self._options,
            context.plugins,
            archs=self._arch,
            presets=self._preset,
            baselines=self._baseline,
            metrics=self._metric,
            seeds=self._seeds,
            base=context.base,
        )
        folder = context.folder / "bench"
        found = run_bench(planned, folder, force=context.again, say=context.say)
        if found["failed"]:
            raise RunError(f"{found['failed']} units have failed", f"see {folder / 'index.html'}")
        return {
            "page": str(folder / "index.html"),
            "table": str(folder / "table.csv"),
            "folder": str(folder),
        }
