"""Memory is kept while a fit runs, and given back after it."""

import platform
import subprocess
import sys

import pytest

from nasdip_core.fit import allocation
from nasdip_core.fit.allocation import memory_kept

on_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")


ALONE = """
from pathlib import Path

import torch

from nasdip_core.fit.allocation import memory_kept


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


size = 200 * 2**20
with memory_kept():
    before = resident()
    torch.ones(size // 4)
    inside = resident()
after = resident()
assert inside - before > size // 2, (before, inside)
assert inside - after > size // 2, (inside, after)
"""


@on_glibc
def test_freed_memory_stays_until_the_end() -> None:
    """In a process of its own: what earlier tests have left of the heap is anybody's guess."""
    done = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


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
