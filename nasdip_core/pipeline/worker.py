"""One worker of a folder of pictures."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from optuna.trial import Trial

from nasdip_core.errors import PictureError
from nasdip_core.pipeline.folder import RunFolder
from nasdip_core.pipeline.jobs import batch
from nasdip_core.pipeline.restore import run
from nasdip_core.plugins import Plugins
from nasdip_core.study.lease import note
from nasdip_core.study.records import SLOT
from nasdip_core.study.units import REMARKS, do_units


def restore_share(order: Mapping[str, Any], plugins: Plugins, stopped: Callable[[], bool]) -> None:
    """Restore a worker's share of the pictures that `order` names, each into its folder."""
    source, output, base = (Path(order[key]) for key in ("source", "output", "base"))
    planned = batch(source, order["task"], order["given"], output, plugins, base)
    jobs = {job.label: job for job in planned.jobs}

    def do(trial: Trial, place: int) -> float:
        label = order["units"][place]
        if label not in jobs:
            raise PictureError(f"'{source / label}' is gone")
        job = jobs[label]
        # What a worker has left that died over it is gone on with.
        again = SLOT in trial.user_attrs
        restored = run(
            job.resolved,
            plugins,
            RunFolder(job.folder),
            name=job.name,
            resume=order["resume"] or again,
            force=order["force"] and not again,
            trackers={name: plugins.create("tracker", name) for name in order["trackers"]},
        )
        note(trial, REMARKS, list(restored.notes))
        return 0.0

    do_units(order, stopped, do)
