"""Independent random streams from the one seed of a run."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def derive(seed: int, *purpose: str | int) -> int:
    """Return a 63-bit seed for one purpose: equal inputs, equal seed; streams do not overlap."""
    text = ":".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 1


def generator(seed: int, *purpose: str | int, device: str = "cpu") -> "torch.Generator":
    """Return a generator for one purpose of a run."""
    import torch

    return torch.Generator(device=device).manual_seed(derive(seed, *purpose))


@contextmanager
def initialising(seed: int) -> Iterator[None]:
    """Let the weights that a block makes on the CPU hang on a seed alone.

    Initialisation takes no generator: torch's own is borrowed and put back. Those of GPUs are not
    touched, which `torch.manual_seed` would seed as well.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
