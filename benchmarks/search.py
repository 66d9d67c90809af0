"""What a search costs beside its fits: a trial, the controller, workers, long studies.

    python benchmarks/search.py overhead      # everything but the fit of a trial, by parts
    python benchmarks/search.py controller    # replay of 10,000 trials
    python benchmarks/search.py workers       # trials an hour: two workers against one
    python benchmarks/search.py size          # a study of 100,000 trials

The search is for a network for one picture of 256 px with the default space and the controller.
Long studies are filled with random trials, see search_study.py. One thread is timed by what it gets
of the processor, two workers by the clock on the wall.
"""

import argparse
import gc
import multiprocessing
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from search_study import planned, random_choices, started

from nasdip_core.architecture.named import find_architecture
from nasdip_core.architecture.specification import Architecture
from nasdip_core.plugins import Plugins
from nasdip_core.searching.candidate import Evaluator
from nasdip_core.space import Choices

NETWORK = "balanced-denoise"
"""A point of the space, and cheaper than most: the trial that the overhead is a share of."""
NASDIP = (sys.executable, "-c", "from nasdip_core.cli import main; main()")
TRIALS = 8
"""Trials that a study goes on for while they are timed."""


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    measurements = {f.__name__: f for f in (overhead, controller, workers, size)}
    parser.add_argument("measurement", choices=measurements)
    chosen = parser.parse_args().measurement
    print(f"load average {os.getloadavg()[0]:.1f}\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        measurements[chosen](Path(folder))
    print(f"\nload average {os.getloadavg()[0]:.1f}")


def overhead(folder: Path) -> None:
    """Print the seconds of a trial beside its fit, by parts and by trials in the study."""
    torch.set_num_threads(1)
    plugins = Plugins.discover()
    clock, sizes = Clock(), (10, 1_000, 10_000)
    watch_all(clock)
    search = planned(plugins)
    evaluator = Evaluator(search, plugins, torch.device("cpu"))
    network = find_architecture(NETWORK, plugins).architecture
    assert isinstance(network, Architecture)
    preset = search.space.encode(network)
    before = clock.spent["fit"]
    evaluator.score(evaluator.candidate(preset), search.searched)
    fit = clock.spent["fit"] - before
    draws = random.Random(0)
    candidates = [random_choices(search.space, draws) for _ in range(9)]
    dearer = statistics.median(step_of(evaluator, c) for c in candidates) / step_of(
        evaluator, preset
    )
    found = {}
    for trials in sizes:
        short = planned(plugins, fit={"steps": 1, "stopping": "fixed"})
        order = started(short, folder / str(trials), trials)
        found[trials] = parts_of_trials(order, trials, clock)
    print("| part | " + " | ".join(f"{trials:,} trials" for trials in sizes) + " |")
    print("|---|" + "---|" * len(sizes))
    for part in sorted(found[sizes[-1]], key=lambda part: -found[sizes[-1]][part]):
        cells = [f"{1000 * found[trials].get(part, 0.0):.1f} ms" for trials in sizes]
        print(f"| {part} | " + " | ".join(cells) + " |")
    totals = [sum(found[trials].values()) for trials in sizes]
    print("| **all** | " + " | ".join(f"{1000 * total:.0f} ms" for total in totals) + " |")
    for name, seconds in (("the preset", fit), ("the median candidate", dearer * fit)):
        shares = " | ".join(f"{total / seconds:.2%}" for total in totals)
        print(f"| **share of a fit of {name}, {seconds:.0f} s** | {shares} |")


def step_of(evaluator: Evaluator, choices: Choices) -> float:
    """Return the seconds of a step of a candidate's fit, once it is under way."""
    fit = evaluator._fit(evaluator.candidate(choices).proxy, 0, None)
    fit.advance(2)
    begun = time.thread_time()
    fit.advance(7)
    return (time.thread_time() - begun) / 5


def controller(folder: Path) -> None:
    """Print how long it takes to learn what 10,000 trials tell."""
    from nasdip_core.controller.policy import Policy
    from nasdip_core.controller.reinforce import Reinforce
    from nasdip_core.study.records import History
    from nasdip_core.study.storage import open_storage
    from nasdip_core.study.study import load_study

    trials = 10_000
    search = planned(Plugins.discover())
    url = started(search, folder, trials)["study"]
    options = dict(search.request.strategy.with_)
    hidden = options.pop("hidden")
    reading, learning = [], []
    for seed in range(3):
        begun = time.thread_time()
        history = History()
        history.update(load_study(open_storage(url), url).get_trials(deepcopy=False))
        reading.append(time.thread_time() - begun)
        learner = Reinforce(Policy(search.space, seed, hidden), **options)
        begun = time.thread_time()
        learner.learn(history)
        learning.append(time.thread_time() - begun)
    print(f"{trials:,} trials read in {statistics.median(reading):.1f} s, ", end="")
    print(f"learned from in {statistics.median(learning):.1f} s ({learner.version:,} updates)")


def workers(folder: Path) -> None:
    """Print the trials an hour of one worker and of two, on the same candidates."""
    from nasdip_core.study.storage import open_storage
    from nasdip_core.study.study import load_study

    trials, context = 8, multiprocessing.get_context("spawn")
    # The draws of `random` follow from the trial's number alone.
    fit = {"steps": 12, "stopping": "fixed"}
    search = planned(Plugins.discover(), strategy="random", fit=fit)
    arrangements = {"one, one thread": (1, 1), "one, two threads": (1, 2), "two": (2, 1)}
    turns: dict[str, list[list[float]]] = {name: [] for name in arrangements}
    for turn in range(2):
        for name, (count, threads) in arrangements.items():
            order = started(search, folder / f"{name} {turn}", 0) | {"threads": threads}
            processes = [context.Process(target=work, args=(order, trials)) for _ in range(count)]
            for process in processes:
                process.start()
            for process in processes:
                process.join()
            study = load_study(open_storage(order["study"]), order["study"])
            durations = [t.duration.total_seconds() for t in study.trials if t.duration]
            print(f"{name}: {[round(s, 1) for s in durations]}, load {os.getloadavg()[0]:.1f}")
            turns[name].append(durations[:trials])
    print("\n| workers | trials an hour | times one with one thread, by candidate |\n|---|---|---|")
    # The less disturbed of both turns: what else the cores do is no part of it.
    seconds = {name: [min(each) for each in zip(*turns[name], strict=True)] for name in turns}
    first = seconds["one, one thread"]
    for name, (count, _) in arrangements.items():
        gain = statistics.median(count * a / b for a, b in zip(first, seconds[name], strict=True))
        print(f"| {name} | {count * 3600 / statistics.mean(seconds[name]):.0f} | {gain:.2f} |")


def size(folder: Path) -> None:
    """Print what a study of 100,000 trials takes: bytes, and seconds of what is asked of it."""
    from nasdip_core.resources import peak_memory_bytes

    trials = 100_000
    search = planned(Plugins.discover(), fit={"steps": 1, "stopping": "fixed"})
    order = started(search, folder, trials)
    print(f"{trials:,} trials: {(folder / 'study.db').stat().st_size / 2**20:.0f} MiB")
    for command in ("status", "show", "best", f"show --page {folder / 'page.html'}"):
        begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        line = [*NASDIP, "search", *command.split(), str(folder)]
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
        wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"search {command}: {spent:.1f} s ({wall:.1f} s on the wall)", flush=True)
    torch.set_num_threads(1)
    clock = Clock()
    watch_all(clock)
    begun = time.perf_counter()
    parts = parts_of_trials(order, trials, clock)
    print(f"a worker's first {TRIALS} trials: {time.perf_counter() - begun:.1f} s, ", end="")
    print(f"at most {(peak_memory_bytes() or 0) / 2**30:.1f} GiB")
    for part in sorted(parts, key=lambda part: -parts[part]):
        print(f"{part}: {1000 * parts[part]:.1f} ms")
    print(f"asking in all: {1000 * statistics.median(clock.asks[1:]):.0f} ms")
    print(f"a trial beside its fit: {1000 * sum(parts.values()):.0f} ms")


def work(order: dict[str, Any], trials: int) -> None:
    """Do one worker's share, without the last comparison."""
    from nasdip_core import worker
    from nasdip_core.searching.finals import Finals
    from nasdip_core.study.order import note_order, order_of
    from nasdip_core.study.storage import close_storage, open_storage
    from nasdip_core.study.study import load_study

    storage = open_storage(order["study"])
    study = load_study(storage, order["study"])
    note_order(study, {**order_of(study), "trials": trials})
    close_storage(storage, order["study"])
    with patch.object(Finals, "run", lambda _: None):
        worker.work(order)


class Clock:
    """Seconds by part; what one part spends within another counts once, for the inner one."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self.asks: list[float] = []
        """Seconds of every ask, with all that is in it."""
        self.trials: list[tuple[float, dict[str, float]]] = []
        """When each trial began, and what was spent before."""
        self._inner = [0.0]

    def watch(self, part: str, owner: Any, *names: str) -> None:
        """Count the calls of functions of a module or a class."""
        for name in names:
            setattr(owner, name, self._timed(part, getattr(owner, name)))

    def _timed(self, part: str, whole: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                return whole(*args, **kwargs)
            begun = time.thread_time()
            self._inner.append(0.0)
            try:
                return whole(*args, **kwargs)
            finally:
                seconds = time.thread_time() - begun
                self.spent[part] += seconds - self._inner.pop()
                self._inner[-1] += seconds
                if part == "asking":
                    self.asks.append(seconds)

        return timed


def watch_all(clock: Clock) -> None:
    """Take the time of every part of a trial in this process."""
    from optuna.storages._cached_storage import _CachedStorage
    from optuna.study import Study

    from nasdip_core.controller.reinforce import Reinforce
    from nasdip_core.fit.loop import Fit
    from nasdip_core.searching import candidate
    from nasdip_core.searching.index import ArchitectureIndex
    from nasdip_core.searching.kept import KeptFits
    from nasdip_core.searching.trials import Trials
    from nasdip_core.space import SearchSpace
    from nasdip_core.study import sampler
    from nasdip_core.study.lease import Reaper
    from nasdip_core.study.records import History

    clock.watch("making the fit", Fit, "__init__")
    clock.watch("fit", Fit, "advance", "found")
    clock.watch("asking", Study, "ask")
    clock.watch("learning", Reinforce, "learn")
    clock.watch("proposing", Reinforce, "propose")
    clock.watch("canonical choices", SearchSpace, "canonical")
    clock.watch("cost", candidate, "cost_of")
    clock.watch("problem", candidate.Evaluator, "problem")
    clock.watch("network", candidate, "make_networks")
    clock.watch("reward", candidate.Evaluator, "_judge")
    clock.watch("keeping fits", KeptFits, "save", "keep_only")
    clock.watch("history", History, "update")
    clock.watch("history", Trials, "_done", "_may_ask", "_forget")
    clock.watch("history", ArchitectureIndex, "earlier")
    clock.watch("history", sampler, "place_of")
    clock.watch("leases", Reaper, "reap")
    writes = [name for name in vars(_CachedStorage) if name.startswith(("set_trial", "create"))]
    clock.watch("writing", _CachedStorage, *writes)
    clock.watch("reading", _CachedStorage, "get_all_trials", "get_trial")
    clock.watch("freeing memory", gc, "collect")
    one = Trials._one

    def noted(self: Trials) -> None:
        clock.trials.append((time.thread_time(), dict(clock.spent)))
        one(self)

    Trials._one = noted  # type: ignore[method-assign]


def parts_of_trials(order: dict[str, Any], trials: int, clock: Clock) -> dict[str, float]:
    """Go on with a study for some trials; return the median seconds of every part but the fit."""
    clock.trials.clear()
    clock.asks.clear()
    work({**order, "threads": 1}, trials + TRIALS)
    gc.unfreeze()
    found: dict[str, list[float]] = defaultdict(list)
    # The first one reads the study.
    for (begun, before), (ended, after) in pairwise(clock.trials[1:]):
        parts = {part: spent - before.get(part, 0.0) for part, spent in after.items()}
        parts["rest"] = ended - begun - sum(parts.values())
        for part, seconds in parts.items():
            found[part].append(seconds)
    del found["fit"]
    return {part: statistics.median(seconds) for part, seconds in found.items()}


if __name__ == "__main__":
    main()
