"""What a process may use of its machine."""

import os
from pathlib import Path

import pytest
import torch

from nasdip_core import cgroup
from nasdip_core.resources import (
    cores,
    keep_to_share_of_memory,
    memory_at_hand,
    no_more_threads_than_cores,
)

CPU = torch.device("cpu")
KIB = 1024


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with 1000 KiB, 600 of them free."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "meminfo").write_text("MemTotal: 1000 kB\nMemAvailable: 600 kB\n")
    return tmp_path


def test_cores_are_those_that_the_process_has_time_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {*range(8)}, raising=False)
    for quota, expected in ((None, 8), (64.0, 8), (2.0, 2), (1.5, 2), (0.1, 1)):
        monkeypatch.setattr(cgroup, "processors", lambda quota=quota: quota)
        assert cores() == expected


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


def test_memory_is_what_is_free(machine: Path) -> None:
    assert memory_at_hand(CPU, machine) == 600 * KIB


def test_memory_of_a_container(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "memory", lambda _: (400 * KIB, 300 * KIB))
    assert memory_at_hand(CPU, machine) == 300 * KIB
    keep_to_share_of_memory(0.5)
    assert memory_at_hand(CPU, machine) == 200 * KIB, "a share of what the container has"


def test_memory_of_one_among_several_workers(machine: Path) -> None:
    keep_to_share_of_memory(0.25)
    assert memory_at_hand(CPU, machine) == 250 * KIB
    keep_to_share_of_memory(0.75)
    assert memory_at_hand(CPU, machine) == 600 * KIB, "others have taken theirs"


def test_a_system_that_says_nothing(tmp_path: Path) -> None:
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory_at_hand(CPU, tmp_path) == whole // 2
