"""One worker of a bench."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from optuna.trial import Trial

from nasdip_core.bench.folder import BenchFolder
from nasdip_core.bench.run import done_in_child
from nasdip_core.bench.units import Unit
from nasdip_core.study.units import do_units


def compare(order: Mapping[str, Any], stopped: Callable[[], bool]) -> None:
    """Do a worker's share of the units that `order` names; their outcomes go into the folder."""
    if order["threads"] is not None:
        os.environ["OMP_NUM_THREADS"] = str(order["threads"])

    def do(_: Trial, place: int) -> float:
        told = {**order["units"][place], "gpu_memory": order["gpu_memory"]}
        done_in_child(told, Unit(**told["unit"]), BenchFolder(Path(told["folder"])), stopped)
        return 0.0

    do_units(order, stopped, do)
