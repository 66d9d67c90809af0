"""Falls back to one thread where other processes keep the cores busy."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_ROUND = 100
"""Steps between two trials."""
_TRIAL = 3
"""Steps of a trial with all threads, and with one."""
_FAR = 0.6
"""One thread is taken where it needs less than this share of the time of all."""
_WORTH = 0.05
"""Seconds a step below which nothing is changed."""


class ThreadChoice:
    """Tries both at fixed steps, and takes one thread where it is far faster than all.

    Threads that wait for one another lose a tenfold when a core is taken away; on idle cores all
    threads always win. The trials are a function of the step alone, so that on an idle machine
    the same steps run with the same threads, and the answer is the same bit for bit.
    """

    def __init__(self) -> None:
        self.all = torch.get_num_threads()
        self._one_is_faster = False
        self._fastest = {self.all: float("inf"), 1: float("inf")}

    def before(self, step: int) -> None:
        """Set the threads of a step (counted from 1)."""
        if self.all == 1:
            return
        place = (step - 1) % _ROUND
        if place == 0:
            self._fastest = dict.fromkeys(self._fastest, float("inf"))
        one = self._one_is_faster if place >= 2 * _TRIAL else place >= _TRIAL
        torch.set_num_threads(1 if one else self.all)

    def after(self, step: int, seconds: float) -> None:
        """Take in how long a step took."""
        if self.all == 1:
            return
        place = (step - 1) % _ROUND
        if place < 2 * _TRIAL:
            threads = self.all if place < _TRIAL else 1
            self._fastest[threads] = min(self._fastest[threads], seconds)
        if place == 2 * _TRIAL - 1:
            together, alone = self._fastest[self.all], self._fastest[1]
            # Of a fit that goes on within a trial only one side is known: as on an idle machine.
            known = together < math.inf
            self._one_is_faster = known and together > _WORTH and alone < _FAR * together

    def restore(self) -> None:
        """Give all threads back to the process."""
        torch.set_num_threads(self.all)


@contextmanager
def threads_that_pay() -> Iterator[None]:
    """Run a block on all threads, or on one where all are far slower on a trial of small ops."""
    together = torch.get_num_threads()
    if together > 1 and _trial(1) < _FAR * _trial(together):
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(together)


def _trial(threads: int) -> float:
    """Return the seconds of some hundred small ops, each of which waits for all its threads."""
    torch.set_num_threads(threads)
    numbers = torch.ones(2**17)
    started = time.perf_counter()
    for _ in range(200):
        numbers.mul_(1.0)
    return time.perf_counter() - started
