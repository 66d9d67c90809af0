"""One worker of a search."""

import gc
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from optuna.samplers import BaseSampler

from nasdip_core.device import choose_device
from nasdip_core.errors import PluginError
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_core.searching.candidate import Evaluator
from nasdip_core.searching.finals import Finals
from nasdip_core.searching.kept import KeptFits
from nasdip_core.searching.listeners import trial_listener
from nasdip_core.searching.options import SearchRequest
from nasdip_core.searching.plan import plan_search
from nasdip_core.searching.pruner import make_pruner
from nasdip_core.searching.travel import receive
from nasdip_core.searching.trials import Trials
from nasdip_core.study.artifacts import artifacts_of
from nasdip_core.study.order import order_of
from nasdip_core.study.storage import used_storage
from nasdip_core.study.study import create_study, fits_folder, load_study


def search(order: Mapping[str, Any], plugins: Plugins, stopped: Callable[[], bool]) -> None:
    """Do a worker's share of the search that `order` names; end when the study is complete.

    Raises RunInterruptedError where the user stops it, StudyError where the study cannot be used.
    """
    url = order["study"]
    with used_storage(url, searching=True) as storage, tempfile.TemporaryDirectory() as own:
        begun = load_study(storage, url, order["name"])
        told, artifacts = order_of(begun), artifacts_of(begun)
        request = parse(SearchRequest, told["request"], "")
        if artifacts is not None:
            request = receive(request, artifacts, Path(own))
        # Paths are those of the command that has begun it.
        search = plan_search(told["task"], request, plugins, Path(told.get("base", "")))
        sampler = search.strategy.sampler(search.space, request.seed)
        if not isinstance(sampler, BaseSampler):
            name = search.request.strategy.uses
            what = f"strategy '{name}' made a {type(sampler).__name__}"
            raise PluginError(what, "return an Optuna sampler")
        evaluator = Evaluator(search, plugins, choose_device(request.device))
        study = create_study(
            storage,
            url,
            order["name"],
            search.settings(),
            by_cost=search.strategy.by_cost,
            sampler=sampler,
            pruner=make_pruner(request.pruner, evaluator.rungs()),
        )
        study.get_trials(deepcopy=False)
        # What is there now stays: without it, looking for what a trial left is quick.
        gc.collect()
        gc.freeze()
        output = Path(own if artifacts is not None else told["output"])
        kept = KeptFits(fits_folder(study, output), artifacts)
        listener = trial_listener(study, plugins)
        Trials(search, study, evaluator, kept, told["trials"], stopped, listener).run()
        Finals(search, study, evaluator, kept, stopped).run()
