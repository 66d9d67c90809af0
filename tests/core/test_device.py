"""Where to compute, and with how many threads."""

import os

import pytest
import torch

from nasdip_core.device import choose_device, no_more_threads_than_cores
from nasdip_core.errors import OptionError


def test_a_device_that_is_not_there() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    with pytest.raises(OptionError, match="'abacus' is not available; this machine has: cpu"):
        choose_device("abacus")


def test_threads_are_no_more_than_cores() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(64)
        no_more_threads_than_cores()
        assert 1 <= torch.get_num_threads() <= (os.cpu_count() or 1)
        torch.set_num_threads(1)
        no_more_threads_than_cores()
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_auto_takes_no_device_without_double_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("cpu")
    assert choose_device("mps") == torch.device("mps")
