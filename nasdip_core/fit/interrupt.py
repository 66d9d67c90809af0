"""Ctrl-C and SIGTERM as a wish that a fit grants between two steps."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from nasdip_core.errors import RunInterruptedError

_TOGETHER_SECONDS = 2.0
"""Ctrl-C reaches all processes of a terminal, and who watches over some sends them SIGTERM then."""


class Interrupt:
    """Whether the user has asked to stop."""

    def __init__(self) -> None:
        self.requested = False
        self._first = (0, 0.0)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Note the first signal; the second one stops at once, if it is another wish."""
        if self.requested:
            first, when = self._first
            if number != first and time.monotonic() - when < _TOGETHER_SECONDS:
                return
            raise RunInterruptedError("interrupted within a step; the last checkpoint is kept")
        self.requested, self._first = True, (number, time.monotonic())


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Hold signals back while the block runs; outside the main thread nothing changes.

    In a block within a block they are the same: what came before it was begun counts, too.
    """
    held = signal.getsignal(signal.SIGINT)
    interrupt = held if isinstance(held, Interrupt) else Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
