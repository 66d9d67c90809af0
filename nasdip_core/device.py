"""Where to compute."""

from typing import TYPE_CHECKING

from nasdip_core.errors import OptionError

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
