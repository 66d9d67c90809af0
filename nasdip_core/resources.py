"""What of its machine this process may use, and has used: cores and memory."""

import math
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nasdip_core import cgroup

if TYPE_CHECKING:
    import torch

_SHARE = "NASDIP_MEMORY_SHARE"
"""Set by a worker, for itself and for the processes that it starts."""
_PART_OF_GPU = "NASDIP_GPU_PART"
"""The same of a GPU."""


def cores() -> int:
    """Return on how many cores this process may compute at once."""
    if hasattr(os, "sched_getaffinity"):
        usable = len(os.sched_getaffinity(0))
    else:
        usable = os.cpu_count() or 1
    quota = cgroup.processors()
    return usable if quota is None else min(usable, math.ceil(quota))


def no_more_threads_than_cores() -> None:
    """Lower torch's threads to the cores that this process may use; more would wait in turns."""
    import torch

    if torch.get_num_threads() > (most := cores()):
        torch.set_num_threads(most)


def keep_to_share_of_memory(share: float) -> None:
    """Count on a share of the main memory in (0, 1], here and in processes that are started."""
    os.environ[_SHARE] = str(share)


def environment_of_one_of(workers: int) -> dict[str, str]:
    """Return the environment of one of several processes that share what this one may use."""
    share = float(os.environ.get(_SHARE, "1")) / workers
    threads = {"OMP_NUM_THREADS": str(max(1, cores() // workers))}
    return {**threads, **os.environ, _SHARE: str(share)}


def keep_to_part_of_gpu(part: float) -> None:
    """Let this process take a part of a GPU's memory in (0, 1] and no more, where there is one.

    Who asks for more runs out of memory, in place of its neighbours.
    """
    import torch

    if torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(part)
        os.environ[_PART_OF_GPU] = str(part)


def memory_at_hand(device: "torch.device", system: Path = Path("/")) -> int:
    """Return the bytes that this process may still take on a device.

    What is free, and no more than is left of this process's share of all.
    """
    if device.type == "cuda":
        return _gpu_memory_at_hand(device)
    whole, free = _main_memory(system)
    if (limited := cgroup.memory(system)) is not None:
        whole, free = min(whole, limited[0]), min(free, limited[1])
    share = int(whole * float(os.environ.get(_SHARE, "1")))
    return min(free, share - resident_memory_bytes(system))


def resident_memory_bytes(system: Path = Path("/")) -> int:
    """Return the main memory that this process has now; what it has had at most, if not told."""
    return _told_of_this_process("VmRSS", system) or peak_memory_bytes(system) or 0


def peak_memory_bytes(system: Path = Path("/")) -> int | None:
    """Return the most memory that this process has had; None where the system does not tell."""
    # Not asked for as below where it can be helped: that may be its parent's on Linux.
    if (told := _told_of_this_process("VmHWM", system)) is not None:
        return told
    try:
        import resource
    except ImportError:  # Windows has no such count
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return peak if sys.platform == "darwin" else peak * 1024


def _gpu_memory_at_hand(device: "torch.device") -> int:
    import torch

    free, whole = torch.cuda.mem_get_info(device)
    taken = torch.cuda.memory_allocated(device)
    # What torch keeps for reuse is free to this process alone.
    free += torch.cuda.memory_reserved(device) - taken
    return min(free, int(whole * float(os.environ.get(_PART_OF_GPU, "1"))) - taken)


def _told_of_this_process(what: str, system: Path) -> int | None:
    """Return bytes that Linux tells of this process; None elsewhere."""
    with suppress(OSError, StopIteration):
        lines = (system / "proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(f"{what}:")).split()[1]) * 1024
    return None


def _main_memory(system: Path) -> tuple[int, int]:
    """Return the bytes of main memory and those that are free."""
    try:
        lines = (system / "proc/meminfo").read_text().splitlines()
        told = dict(line.split(":", 1) for line in lines)
        whole, free = (int(told[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
    except (OSError, ValueError, KeyError):
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        free = whole // 2  # the system does not say
    return whole, free
