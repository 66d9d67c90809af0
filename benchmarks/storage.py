"""How many trials a second a study takes in, by where it is kept: nothing is fitted.

    python benchmarks/storage.py [--url postgresql://...] [--seconds 10] [--workers 1 2 4]

Each trial is written as a search writes it: asked for with 15 decisions, leased, noted, told, and
the history is looked at as often as a worker does. Times the seconds of a trial, that is how many
workers a storage bears. Without --url: an SQLite file and a journal.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from pathlib import Path

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.storages import BaseStorage

from nasdip_core.study.lease import Reaper, leased, note, tell
from nasdip_core.study.records import History
from nasdip_core.study.storage import open_storage, shown, study_url

DECISIONS: dict[str, BaseDistribution] = {
    f"decision-{i}": CategoricalDistribution((0, 1, 2)) for i in range(15)
}
NOTES = ("macs", "parameters", "activation_bytes", "scores")


def main() -> None:
    """Measure each storage with each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", action="append", default=[])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}\n")
    print("| storage | workers | trials a second | calls of the storage a second |")
    print("|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        files = [study_url(Path(folder) / name) for name in ("study.db", "study.journal")]
        for url in options.url or files:
            for workers in options.workers:
                trials, calls = measured(url, workers, options.seconds)
                print(f"| {shown(url)} | {workers} | {trials:.1f} | {calls:.0f} |", flush=True)
    print(f"\nload average {os.getloadavg()[0]:.1f}")


def measured(url: str, workers: int, seconds: float) -> tuple[float, float]:
    """Return trials and calls a second of so many workers together, in a study of their own."""
    name = f"{workers}-workers-{time.time()}"
    storage = open_storage(url, create=True)
    optuna.create_study(storage=storage, study_name=name, direction="maximize")
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(workers), context.SimpleQueue()
    processes = [
        context.Process(target=work, args=(url, name, seconds, start, results))
        for _ in range(workers)
    ]
    for process in processes:
        process.start()
    found = [results.get() for _ in processes]
    for process in processes:
        process.join()
    return sum(t for t, _ in found) / seconds, sum(c for _, c in found) / seconds


def work(url: str, name: str, seconds: float, start: object, results: object) -> None:
    """Tell trials for some seconds; put how many trials and calls that were."""
    storage = open_storage(url, searching=True)
    calls = _count_calls(storage)
    sampler = optuna.samplers.RandomSampler()
    study = optuna.load_study(storage=storage, study_name=name, sampler=sampler)
    reaper, history, trials = Reaper(study), History(), 0
    start.wait()  # type: ignore[attr-defined]
    until = time.monotonic() + seconds
    calls[0] = 0
    while time.monotonic() < until:
        reaper.reap()
        history.update(study.get_trials(deepcopy=False))
        trial = study.ask(DECISIONS)
        with leased(study, trial._trial_id):
            history.update(study.get_trials(deepcopy=False))
            for key in NOTES:
                note(trial, key, 1.0)
            tell(study, trial, [1.0])
        trials += 1
    results.put((trials, calls[0]))  # type: ignore[attr-defined]


def _count_calls(storage: BaseStorage) -> list[int]:
    """Count the calls of a storage from now on."""
    calls = [0]

    def counted(method: object) -> object:
        def call(*args: object, **kwargs: object) -> object:
            calls[0] += 1
            return method(*args, **kwargs)  # type: ignore[operator]

        return call

    for name in BaseStorage.__abstractmethods__:
        setattr(storage, name, counted(getattr(storage, name)))
    return calls


if __name__ == "__main__":
    main()
