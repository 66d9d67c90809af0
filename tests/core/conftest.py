"""What commands leave to other processes, done in this one: a start takes seconds each."""

import gc
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import torch
from fleets import Ended

import nasdip_core.bench.run
from nasdip_core.bench.child import execute
from nasdip_core.bench.folder import BenchFolder
from nasdip_core.bench.units import Unit
from nasdip_core.launcher import Fleet
from nasdip_core.worker import work
from nasdip_plugins.launcher.processes import Processes


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[Unit]:
    """Do units in this process, which takes no second each; return those that were done."""
    done: list[Unit] = []

    def in_this_process(
        order: Mapping[str, Any], unit: Unit, folder: BenchFolder, stopped: Callable[[], bool]
    ) -> None:
        done.append(unit)
        execute(json.loads(json.dumps(order)))

    monkeypatch.setattr(nasdip_core.bench.run, "in_child", in_this_process)
    return done


@pytest.fixture
def workers_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Mapping[str, Any]]]:
    """Let workers do their shares in this process, one after another; return their orders.

    What one of them raises is raised here.
    """
    orders: list[Mapping[str, Any]] = []

    def in_this_process(self: Processes, order: Mapping[str, Any], workers: int) -> Fleet:
        for _ in range(workers):
            orders.append(order)
            work(json.loads(json.dumps(order)))
        return Ended()

    monkeypatch.setattr(Processes, "launch", in_this_process)
    threads = torch.get_num_threads()
    yield orders
    torch.set_num_threads(threads)  # a worker takes as many as it is told to
    gc.unfreeze()  # and keeps what it began with, as its process soon ends
