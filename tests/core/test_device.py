"""Where to compute."""

import pytest
import torch

from nasdip_core.device import choose_device
from nasdip_core.errors import OptionError


def test_a_device_that_is_not_there() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    with pytest.raises(OptionError, match="'abacus' is not available; this machine has: cpu"):
        choose_device("abacus")


def test_auto_takes_no_device_without_double_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("cpu")
    assert choose_device("mps") == torch.device("mps")
