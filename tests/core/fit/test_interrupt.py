"""Signals while a step is done."""

import os
import signal

import pytest

from nasdip_core.errors import RunInterruptedError
from nasdip_core.fit.interrupt import interruptible


def test_the_first_signal_is_a_wish_and_the_second_an_order() -> None:
    with interruptible() as interrupt:
        assert not interrupt.requested
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupt.requested
        with pytest.raises(RunInterruptedError, match="within a step"):
            os.kill(os.getpid(), signal.SIGINT)


def test_one_ctrl_c_that_comes_in_two_ways_is_one_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the terminal, and as SIGTERM from the command that watches over this process."""
    with interruptible() as interrupt:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupt.requested
        monkeypatch.setattr("nasdip_core.fit.interrupt._TOGETHER_SECONDS", 0.0)
        with pytest.raises(RunInterruptedError, match="within a step"):
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_wish_that_comes_between_two_fits_is_the_next_ones() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with interruptible() as outer:
        with interruptible() as first:
            assert not first.requested
        os.kill(os.getpid(), signal.SIGTERM)
        assert outer.requested
        with interruptible() as second:
            assert second.requested
    assert signal.getsignal(signal.SIGTERM) is before
    with interruptible() as later:
        assert not later.requested
