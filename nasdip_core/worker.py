"""A worker: `python -m nasdip_core.worker`, told what to do on stdin."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import torch

from nasdip_core.bench.worker import compare
from nasdip_core.blame import attributed
from nasdip_core.errors import ExitCode, NasdipError, RunInterruptedError
from nasdip_core.fit.interrupt import interruptible
from nasdip_core.parent import order_of_parent
from nasdip_core.pipeline.worker import restore_share
from nasdip_core.plugins import Plugins
from nasdip_core.resources import (
    cores,
    keep_to_part_of_gpu,
    keep_to_share_of_memory,
    no_more_threads_than_cores,
)
from nasdip_core.searching.worker import search


def work(order: Mapping[str, Any], plugins: Plugins | None = None) -> None:
    """Do a worker's share of what `order` tells; end when all of it is done.

    Raises RunInterruptedError where the user stops it, StudyError where the study cannot be used.
    """
    # Held between two fits as well: the next one ends at its first step then.
    with interruptible() as interrupt:
        no_more_threads_than_cores()
        if order["threads"] is not None:
            torch.set_num_threads(order["threads"])
            # Its neighbours have the rest of the memory as of the cores, or, where there are more
            # of them than cores, as of a GPU.
            share = min(1.0, order["threads"] / cores(), order["gpu_memory"])
            keep_to_share_of_memory(share)
        if order["work"] != "bench":  # whose units are in processes of their own
            keep_to_part_of_gpu(order["gpu_memory"])
        _do(order, plugins or Plugins.discover(), lambda: interrupt.requested)


def _do(order: Mapping[str, Any], plugins: Plugins, stopped: Callable[[], bool]) -> None:
    match order["work"]:
        case "search":
            search(order, plugins, stopped)
        case "batch":
            restore_share(order, plugins, stopped)
        case "bench":
            compare(order, stopped)


def main() -> None:
    """Do what the first line of stdin tells."""
    order = order_of_parent()
    try:
        work(order)
    except RunInterruptedError:
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:
        known = attributed(error)
        if not isinstance(known, NasdipError):
            raise
        print(f"error: {known}", file=sys.stderr)  # noqa: T201  # read by the launcher
        sys.exit(known.exit_code)


if __name__ == "__main__":
    main()
