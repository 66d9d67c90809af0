"""What of its machine this process may use: cores and memory."""

import math
import os
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


def keep_to_share_of_memory(share: float) -> None:
    """Count on a share of the main memory in (0, 1], here and in processes that are started."""
    os.environ[_SHARE] = str(share)


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
