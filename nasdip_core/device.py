"""Where to compute."""

import sys
from typing import TYPE_CHECKING

from nasdip_core.errors import OptionError
from nasdip_core.resources import cores

if TYPE_CHECKING:
    import torch


def choose_device(name: str) -> "torch.device":
    """Return the device for auto, cpu, cuda or mps. Raises OptionError where there is none.

    `auto` is cuda, else cpu: mps has no double precision, which filters and statistics compute in.
    """
    import torch

    available = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        name = "cuda" if available["cuda"] else "cpu"
    if not available.get(name, False):
        found = ", ".join(device for device, there in available.items() if there)
        raise OptionError(f"device '{name}' is not available", f"this machine has: {found}")
    return torch.device(name)


def no_more_threads_than_cores() -> None:
    """Lower torch's threads to the cores that this process may use; more would wait in turns."""
    import torch

    if torch.get_num_threads() > (most := cores()):
        torch.set_num_threads(most)


def keep_to_part_of_gpu(part: float) -> None:
    """Let this process take a part of a GPU's memory in (0, 1] and no more, where there is one.

    Who asks for more runs out of memory, in place of its neighbours.
    """
    import torch

    if torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(part)


def peak_memory_bytes() -> int | None:
    """Return the most memory that this process has had; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows has no such count
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return peak if sys.platform == "darwin" else peak * 1024
