"""What a process may use of its machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from nasdip_core import cgroup
from nasdip_core.resources import (
    cores,
    environment_of_one_of,
    keep_to_part_of_gpu,
    keep_to_share_of_memory,
    memory_at_hand,
    no_more_threads_than_cores,
    peak_memory_bytes,
    resident_memory_bytes,
)

CPU = torch.device("cpu")
KIB = 1024


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with 1000 KiB, 600 of them free; this process has 50, and has had 300."""
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text("MemTotal: 1000 kB\nMemAvailable: 600 kB\n")
    (tmp_path / "proc" / "self" / "status").write_text("VmHWM:\t  300 kB\nVmRSS:\t   50 kB\n")
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
    assert memory_at_hand(CPU, machine) == 150 * KIB, "a share of what the container has"


def test_memory_of_one_among_several_workers(machine: Path) -> None:
    keep_to_share_of_memory(0.25)
    assert memory_at_hand(CPU, machine) == 200 * KIB, "of its share it has some already"
    keep_to_share_of_memory(0.75)
    assert memory_at_hand(CPU, machine) == 600 * KIB, "others have taken theirs"


def test_memory_that_was_given_back_can_be_taken_again(machine: Path) -> None:
    """As of the picture before it in a folder."""
    assert resident_memory_bytes(machine) == 50 * KIB
    assert peak_memory_bytes(machine) == 300 * KIB


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count as they start a process")
def test_the_peak_of_a_process_is_not_that_of_its_parent() -> None:
    parent = "\n".join(
        (
            "import subprocess, sys",
            "large = bytes(bytearray(b'1') * 2**28)",
            "del large",
            "told = 'from nasdip_core.resources import peak_memory_bytes as peak; print(peak())'",
            "print(subprocess.check_output([sys.executable, '-c', told], text=True))",
        )
    )
    told = subprocess.check_output([sys.executable, "-c", parent], text=True)
    assert 2**20 < int(told) < 2**27


def test_memory_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Free for this process is what torch keeps, too, but no more than its part."""
    told = {"memory_allocated": 10, "memory_reserved": 40, "mem_get_info": (500, 1000)}
    for name, value in told.items():
        monkeypatch.setattr(torch.cuda, name, lambda _, value=value: value)
    gpu = torch.device("cuda")
    assert memory_at_hand(gpu) == 530
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", lambda part: None)
    keep_to_part_of_gpu(0.25)
    assert memory_at_hand(gpu) == 240


def test_processes_side_by_side_share_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nasdip_core.resources.cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    keep_to_share_of_memory(0.5)
    made = environment_of_one_of(4)
    assert (made["OMP_NUM_THREADS"], float(made["NASDIP_MEMORY_SHARE"])) == ("2", 0.125)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert environment_of_one_of(4)["OMP_NUM_THREADS"] == "1", "what the user says stays"
    assert environment_of_one_of(20)["PATH"] == os.environ["PATH"]


def test_a_system_that_says_nothing(tmp_path: Path) -> None:
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory_at_hand(CPU, tmp_path) == whole // 2
