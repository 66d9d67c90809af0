"""One worker of a search: `python -m nasdip_core.searching.worker`, told what to do on stdin."""

import gc
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from nasdip_core.device import choose_device, no_more_threads_than_cores
from nasdip_core.errors import ExitCode, NasdipError, RunInterruptedError
from nasdip_core.options import parse
from nasdip_core.parent import order_of_parent
from nasdip_core.plugins import Plugins
from nasdip_core.searching.candidate import Evaluator
from nasdip_core.searching.finals import Finals
from nasdip_core.searching.kept import KeptFits
from nasdip_core.searching.listeners import trial_listener
from nasdip_core.searching.options import SearchRequest
from nasdip_core.searching.plan import plan_search
from nasdip_core.searching.pruner import make_pruner
from nasdip_core.searching.trials import Trials
from nasdip_core.study.storage import close_storage, explained, open_storage
from nasdip_core.study.study import create_study


def work(order: Mapping[str, Any], plugins: Plugins | None = None) -> None:
    """Do a worker's share of the search that `order` tells; end when the study is complete.

    Raises RunInterruptedError where the user stops it, StudyError where the study cannot be used.
    """
    stop = threading.Event()
    _stop_between_trials(stop)
    no_more_threads_than_cores()
    if order["threads"] is not None:
        torch.set_num_threads(order["threads"])
    plugins = plugins or Plugins.discover()
    request = parse(SearchRequest, order["request"], "")
    search = plan_search(order["task"], request, plugins, Path())
    device = choose_device(request.device)
    evaluator = Evaluator(search, plugins, device)
    url = order["study"]
    storage = open_storage(url, searching=True)
    study = create_study(
        storage,
        url,
        order["name"],
        search.settings(),
        by_cost=search.strategy.by_cost,
        sampler=search.strategy.sampler(search.space, request.seed),
        pruner=make_pruner(request.pruner, evaluator.rungs()),
    )
    with explained(url):
        study.get_trials(deepcopy=False)
    # What is there now stays: without it, looking for what a trial left is quick.
    gc.collect()
    gc.freeze()
    kept = KeptFits(Path(order["output"]))
    with explained(url):
        listener = trial_listener(study, plugins)
        Trials(search, study, evaluator, kept, order["trials"], stop.is_set, listener).run()
        Finals(search, study, evaluator, kept, stop.is_set).run()
    close_storage(storage, url)


def _stop_between_trials(stop: threading.Event) -> None:
    """Let a signal that comes between two fits end the worker; a fit ends itself."""

    def note(*_: object) -> None:
        stop.set()

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, note)


def main() -> None:
    """Do what the first line of stdin tells."""
    order = order_of_parent()
    try:
        work(order)
    except RunInterruptedError:
        sys.exit(ExitCode.INTERRUPTED)
    except NasdipError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  # read by the launcher
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
