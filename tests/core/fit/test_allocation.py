"""Memory is kept while a fit runs, and given back after it."""

import platform
from pathlib import Path

import pytest
import torch

from nasdip_core.fit import allocation
from nasdip_core.fit.allocation import memory_kept

on_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")


def resident() -> int:
    """Return the memory of this process in bytes (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@on_glibc
def test_freed_memory_stays_until_the_end() -> None:
    size = 200 * 2**20
    with memory_kept():
        pass  # what earlier tests have freed goes back, or it would be taken anew
    with memory_kept():
        before = resident()
        torch.ones(size // 4)
        assert resident() - before > size // 2
        inside = resident()
    assert inside - resident() > size // 2


@on_glibc
@pytest.mark.parametrize("fails", [False, True])
def test_the_usual_thresholds_come_back(monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    told: list[dict[int, int]] = []
    monkeypatch.setattr(allocation, "_set", lambda libc, options: told.append(options))
    try:
        with memory_kept():
            if fails:
                raise ValueError
    except ValueError:
        pass
    assert [options[-4] for options in told] == [0, 2**16]


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(allocation, "_set", lambda libc, options: pytest.fail("told"))
    with memory_kept():
        pass
