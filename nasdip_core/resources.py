"""What of its machine this process may use, and has used: cores and memory."""

import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nasdip_core import cgroup

if TYPE_CHECKING:
    import torch

_SHARE = "NASDIP_MEMORY_SHARE"
"""Set by a worker, for itself and for the processes that it starts."""


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


def keep_to_part_of_gpu(part: float) -> None:
    """Let this process take a part of a GPU's memory in (0, 1] and no more, where there is one.

    Who asks for more runs out of memory, in place of its neighbours.
    """
    import torch

    if torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(part)


def memory_at_hand(device: "torch.device", system: Path = Path("/")) -> int:
    """Return the bytes that this process may still take on a device.

    Of main memory what is free, and no more than this process's share of all.
    """
    if device.type == "cuda":
        import torch

        return torch.cuda.mem_get_info(device)[0]
    whole, free = _main_memory(system)
    if (limited := cgroup.memory(system)) is not None:
        whole, free = min(whole, limited[0]), min(free, limited[1])
    return min(free, int(whole * float(os.environ.get(_SHARE, "1"))))


def peak_memory_bytes() -> int | None:
    """Return the most memory that this process has had; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows has no such count
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return peak if sys.platform == "darwin" else peak * 1024


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
