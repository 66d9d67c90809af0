"""The pictures of a folder by several workers."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasdip_core.cli.output import fail, say
from nasdip_core.errors import error_of
from nasdip_core.pipeline.folder import RunFolder
from nasdip_core.pipeline.jobs import Failure, Plan
from nasdip_core.study.records import REASON
from nasdip_core.study.units import EXIT_CODE, REMARKS, share
from nasdip_core.supervise import Crew

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


def restore_together(
    planned: Plan,
    how: Mapping[str, Any],
    crew: Crew,
    show: Callable[[dict[str, Any], Path], None],
) -> tuple[list[dict[str, Any]], list[Failure]]:
    """Let a crew restore the pictures of a folder; `show` and return results, return failures."""
    jobs, failures = planned.jobs, list(planned.failures)
    for failure in failures:
        fail(f"{failure.label}: {failure.error}")

    def look(unit: int, trial: "FrozenTrial") -> None:
        reason, job = trial.user_attrs.get(REASON), jobs[unit]
        if reason is None:
            say(f"{job.label}: {job.folder}")
            for remark in trial.user_attrs.get(REMARKS, ()):
                say(f"{job.label}: note: {remark}")
        else:
            fail(f"{job.label}: {reason}")

    order = {"work": "batch", **planned.order, "units": [job.label for job in jobs], **how}
    results: list[dict[str, Any]] = []
    ended = share(Path(order["output"]), order, crew, look, say)
    for trial, job in zip(ended, jobs, strict=True):
        reason = trial.user_attrs.get(REASON)
        if reason is None:
            folder = RunFolder(job.folder)
            results.append(json.loads(folder.result.read_text("utf-8")))
            show(results[-1], folder.page)
        else:
            code = trial.user_attrs.get(EXIT_CODE, 1)
            failures.append(Failure(job.label, error_of(code, reason)))
    return results, failures
