"""Several fits of one shape in one process: all at once against one after the other.

    python benchmarks/batched.py

An iteration is forward, backward and optimiser step of every fit, with its own weights, input and
target. `one by one` are networks as a fit has them. `vmap` maps one network over stacked weights,
`grouped` is one network of that many times the channels, whose convolutions have a group a fit;
`innermost` with the channels innermost. These have none of the fast forms, which know no groups.
All take turns; the ratios are medians of pairs. Prints a Markdown table.
"""

import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import product
from typing import Any
from unittest.mock import patch

import torch
from search_study import random_choices
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from nasdip_core.architecture import convolution, unet
from nasdip_core.architecture.assemble import assemble
from nasdip_core.architecture.input import draw_input
from nasdip_core.architecture.named import find_architecture
from nasdip_core.architecture.specification import Architecture
from nasdip_core.architecture.unet import UNet
from nasdip_core.fit.allocation import memory_kept
from nasdip_core.plugins import Plugins
from nasdip_core.seeds import generator
from nasdip_core.space import SearchSpace

NETWORK = "balanced-denoise"
Step = Callable[[], None]


def one_by_one(networks: list[UNet], inputs: Tensor, targets: Tensor) -> Step:
    """Return an iteration of every fit, each with a network of its own."""
    optimisers = [torch.optim.Adam(network.parameters(), fused=True) for network in networks]
    size = (targets.shape[-2], targets.shape[-1])

    def step() -> None:
        for network, optimiser, z, y in zip(networks, optimisers, inputs, targets, strict=True):
            optimiser.zero_grad()
            (network(z, size) - y).square().mean().backward()
            optimiser.step()

    return step


def vmapped(networks: list[UNet], inputs: Tensor, targets: Tensor) -> Step:
    """Return an iteration of all fits, one network mapped over their weights."""
    weights, buffers = stack_module_state(networks)
    optimiser = torch.optim.Adam(weights.values(), fused=True)
    base, size = deepcopy(networks[0]), (targets.shape[-2], targets.shape[-1])

    def loss(own: dict[str, Tensor], fixed: dict[str, Tensor], z: Tensor, y: Tensor) -> Tensor:
        mapped: Tensor = functional_call(base, (own, fixed), (z, size))
        return (mapped - y).square().mean()

    def step() -> None:
        optimiser.zero_grad()
        losses: Tensor = torch.vmap(loss)(weights, buffers, inputs, targets)
        torch.autograd.backward(losses.sum())
        optimiser.step()

    return step


def grouped(
    networks: list[UNet], inputs: Tensor, targets: Tensor, layout: torch.memory_format
) -> Step:
    """Return an iteration of all fits, their channels side by side in one network."""
    fits = len(networks)
    wide = deepcopy(networks[0])
    for name, module in networks[0].named_modules():
        made: nn.Module
        if isinstance(module, nn.Conv2d):
            made = widened(module, fits)
        elif isinstance(module, nn.BatchNorm2d):
            made = nn.BatchNorm2d(fits * module.num_features, track_running_stats=False)
        else:
            continue
        own = [network.get_submodule(name).state_dict() for network in networks]
        made.load_state_dict({key: torch.cat([state[key] for state in own]) for key in own[0]})
        parent, _, last = name.rpartition(".")
        setattr(wide.get_submodule(parent), last, made)
    wide._repeats = [False for _ in wide._repeats]
    wide.to(memory_format=layout)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(wide.parameters(), fused=True)
    z = inputs.flatten(0, 2)[None].contiguous(memory_format=layout)
    y, size = targets.flatten(0, 2)[None], (targets.shape[-2], targets.shape[-1])

    def joined(parts: list[Tensor]) -> Tensor:
        by_fit = zip(*(part.chunk(fits, dim=1) for part in parts), strict=True)
        return torch.cat([piece for pieces in by_fit for piece in pieces], dim=1)

    def step() -> None:
        optimiser.zero_grad()
        with patch.object(unet, "joined", joined):
            error = (wide(z, size) - y).square().mean()
        (fits * error).backward()
        optimiser.step()

    with torch.no_grad():
        alone = torch.cat([net(x, size) for net, x in zip(networks, inputs, strict=True)], dim=1)
    with torch.no_grad(), patch.object(unet, "joined", joined):
        torch.testing.assert_close(wide(z, size), alone, rtol=1e-3, atol=1e-4)
    return step


def widened(one: nn.Conv2d, fits: int) -> nn.Conv2d:
    """Return one convolution of so many fits side by side, a group each, newly drawn."""
    shape: dict[str, Any] = {
        name: getattr(one, name) for name in ("kernel_size", "stride", "padding", "dilation")
    }
    return nn.Conv2d(
        fits * one.in_channels,
        fits * one.out_channels,
        groups=fits * one.groups,
        bias=one.bias is not None,
        **shape,
    )


def plain(networks: list[UNet]) -> list[UNet]:
    """Return copies without the fast forms, which `vmap` cannot look into."""
    copies = deepcopy(networks)
    for network in copies:
        network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        network._repeats = [False for _ in network._repeats]
    return copies


def gains(
    architecture: Architecture, side: int, fits: int, plugins: Plugins, rounds: int
) -> tuple[float, dict[str, float]]:
    """Return the seconds of an iteration one by one, and how many times as fast the others are."""
    networks = [unet_of(architecture, plugins, seed) for seed in range(fits)]
    working = networks[0].input_size((side, side))
    inputs = torch.stack(
        [draw_input(architecture.input, working, generator(seed, "z")) for seed in range(fits)]
    )
    targets = torch.rand(fits, 1, 3, side, side, generator=generator(0, "targets"))
    ways = {
        "one by one": one_by_one(networks, inputs, targets),
        "vmap": vmapped(plain(networks), inputs, targets),
        "grouped": grouped(networks, inputs, targets, torch.contiguous_format),
        "grouped, innermost": grouped(networks, inputs, targets, torch.channels_last),
    }
    clock = time.thread_time if torch.get_num_threads() == 1 else time.perf_counter
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    with memory_kept():
        for turn in range(-2, rounds):
            for way, step in ways.items():
                begun = clock()
                step()
                if turn >= 0:
                    seconds[way].append(clock() - begun)
    alone = seconds.pop("one by one")
    return statistics.median(alone), {
        way: statistics.median(a / b for a, b in zip(alone, spent, strict=True))
        for way, spent in seconds.items()
    }


def unet_of(architecture: Architecture, plugins: Plugins, seed: int) -> UNet:
    """Return the network of an architecture, which for a U-Net is one."""
    network = assemble(architecture, 3, plugins, seed=seed)
    assert isinstance(network, UNet)
    return network


def candidates(number: int, plugins: Plugins) -> Iterator[Architecture]:
    """Yield random points of the default space, but for cells that mix the channels of fits."""
    space: SearchSpace = plugins.find("space", "compact").resolve()()
    draws = random.Random(0)
    while number:
        made = random_choices(space, draws)
        if made["cell.transform"] != "additive" and made["cell.resample"] != "depth-to-space":
            number -= 1
            yield space.decode(made)


def row(network: str, side: int, fits: int, alone: float, found: dict[str, float]) -> str:
    """Return a row of the table."""
    cells = [network, str(torch.get_num_threads()), str(side), str(fits), f"{alone:.3f}"]
    return "| " + " | ".join([*cells, *(f"{gain:.2f}" for gain in found.values())]) + " |"


def main() -> None:
    """Measure every size and number of fits, and print the table."""
    torch.set_flush_denormal(True)
    # What it asks of a tensor is not answered within `vmap`; the fast forms need not ask.
    whole = convolution._innermost
    convolution._innermost = lambda features: (
        not torch._C._functorch.is_batchedtensor(features) and whole(features)
    )
    plugins = Plugins.discover()
    print(f"load average {os.getloadavg()[0]:.1f}\n")
    print("| network | threads | size | fits | one by one: s | vmap | grouped | innermost |")
    print("|---|---|---|---|---|---|---|---|")
    preset = find_architecture(NETWORK, plugins).architecture
    assert isinstance(preset, Architecture)
    for threads, side, fits in product((1, 2), (128, 256), (2, 4)):
        torch.set_num_threads(threads)
        print(row(NETWORK, side, fits, *gains(preset, side, fits, plugins, 15)), flush=True)
    torch.set_num_threads(1)
    found = [gains(candidate, 128, 2, plugins, 3) for candidate in candidates(11, plugins)]
    middle = {way: statistics.median(each[way] for _, each in found) for way in found[0][1]}
    alone = statistics.median(seconds for seconds, _ in found)
    print(row("median of 11 candidates", 128, 2, alone, middle))
    print(f"\nthe best of the candidates: {max(max(each.values()) for _, each in found):.2f}")
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
