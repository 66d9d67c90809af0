"""Dilated convolutions, forward and backward: times as fast as torch's own.

python benchmarks/dilated.py [--channels 32] [--size 128]

On one thread, turn by turn, the channels innermost as in fits on a CPU; medians.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F

from nasdip_core.architecture.convolution import dilated

TURNS = 5


def seconds(step: Callable[[], object]) -> float:
    """Return the seconds of one step."""
    begun = time.perf_counter()
    step()
    return time.perf_counter() - begun


def compared(channels: int, size: int, kernel: int, dilation: int) -> tuple[float, float]:
    """Return the median seconds of ours and of torch's own."""
    draws = torch.Generator().manual_seed(0)
    features = torch.randn(1, channels, size, size, generator=draws)
    features = features.contiguous(memory_format=torch.channels_last).requires_grad_()
    weight = torch.randn(channels, channels, kernel, kernel, generator=draws).requires_grad_()
    padding = dilation * (kernel - 1) // 2

    def step(convolved: torch.Tensor) -> object:
        return torch.autograd.grad(convolved.sum(), (features, weight))

    forms: list[Callable[[], object]] = [
        lambda: step(dilated(features, weight, None, padding, dilation)),
        lambda: step(F.conv2d(features, weight, None, 1, padding, dilation)),
    ]
    for form in forms:
        form()
    turns = [[seconds(form) for form in forms] for _ in range(TURNS)]
    ours, theirs = (statistics.median(times) for times in zip(*turns, strict=True))
    return ours, theirs


def main() -> None:
    """Read the command line and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--channels", type=int, default=32)
    parser.add_argument("--size", type=int, default=128)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| kernel | dilation | ours, ms | torch's, ms | times as fast |\n|---|---|---|---|---|")
    for kernel in (3, 5, 7):
        for dilation in (2, 3):
            ours, theirs = compared(options.channels, options.size, kernel, dilation)
            cells = f"{ours * 1e3:.1f} | {theirs * 1e3:.1f} | {theirs / ours:.1f}"
            print(f"| {kernel} | {dilation} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
