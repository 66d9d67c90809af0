"""What an iteration costs: seconds and memory by size, the share of the machine's rate, its limits.

    python benchmarks/speed.py [--threads N] [--sizes 128 256 512] [--networks dip balanced-denoise]

Each network and size is measured in a process of its own, whose high-water mark is its memory, and
a second time in its plain form: channels outermost, no fast convolutions, no memory kept between
steps, the optimiser unfused. The reference rate is a matrix product of 1024 x 1024 in the same
process, timed in turns with the iterations, so that the ratios hold while the machine's speed
drifts. An iteration is forward, backward and optimiser step; its multiply-adds count as three times
those of the plain forward pass. One thread is timed by what it gets of the processor, several by
the clock on the wall. Prints a Markdown table.

The limit is what the network would reach if it were nothing but its convolutions, each forward and
backward on its own, in the faster of both layouts.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext

NETWORKS = ["dip", "balanced-denoise", "balanced-inpaint", "balanced-super-resolution"]
KINDS = {
    "convolutions": ("conv", "aten::mm"),
    "normalisation": ("norm",),
    "activations": ("silu", "leaky_relu", "sigmoid"),
    "resizing": ("upsample",),
    "padding": ("pad",),
    "joining": ("cat", "clone"),
    "optimiser": ("Optimizer", "adam", "addc", "lerp", "foreach"),
    "rest": ("",),
}


def measure(name: str, size: int, threads: int, plain: bool) -> dict[str, float]:
    """Time iterations of one network in turns with matrix products."""
    import torch

    from nasdip_core.architecture.assemble import assemble
    from nasdip_core.architecture.cost import cost_of
    from nasdip_core.architecture.input import draw_input
    from nasdip_core.architecture.named import find_architecture
    from nasdip_core.fit.allocation import memory_kept
    from nasdip_core.plugins import Plugins
    from nasdip_core.resources import peak_memory_bytes
    from nasdip_core.seeds import generator

    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    plugins = Plugins.discover()
    architecture = find_architecture(name, plugins).architecture
    network = assemble(architecture, 3, plugins)
    if plain:
        # Convolutions then take the plain way by themselves.
        network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        for module in network.modules():
            if getattr(module, "inplace", False):
                vars(module)["inplace"] = False
    z = draw_input(architecture.input, network.input_size((size, size)), generator(0, "z"))
    target = torch.rand(1, 3, size, size, generator=generator(0, "target"))
    optimiser = torch.optim.Adam(network.parameters(), fused=not plain)
    matrix = torch.rand(1024, 1024, generator=generator(0, "matrix"))
    macs = 3 * cost_of(architecture, 3, (size, size), plugins).macs
    clock = time.thread_time if threads == 1 else time.perf_counter

    def step() -> None:
        optimiser.zero_grad()
        (network(z, (size, size)) - target).square().mean().backward()
        optimiser.step()

    def timed(work: Callable[[], object]) -> float:
        started = clock()
        work()
        return clock() - started

    with nullcontext() if plain else memory_kept():
        for _ in range(4):
            step()
        pairs = [
            (timed(step), timed(lambda: matrix @ matrix)) for _ in range(25 if macs < 1e10 else 7)
        ]
        found = {
            "seconds": statistics.median(s for s, _ in pairs),
            "share": statistics.median((macs / s) / (1024**3 / m) for s, m in pairs),
            "memory": float(peak_memory_bytes() or 0),
        }
        if not plain:
            found |= profiled(step)
            alone = convolutions_alone(network, z, (size, size), timed)
            product = statistics.median(m for _, m in pairs)
            found["limit"] = (macs / alone) / (1024**3 / product)
    return found


def profiled(step: Callable[[], None]) -> dict[str, float]:
    """Return the share of each kind of operation in a step, of three."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        for _ in range(3):
            step()
    events = profiled.key_averages()
    total = sum(event.self_cpu_time_total for event in events)
    spent = dict.fromkeys(KINDS, 0.0)
    for event in events:
        kind = next(k for k, words in KINDS.items() if any(word in event.key for word in words))
        spent[kind] += event.self_cpu_time_total / total
    return spent


def convolutions_alone(
    network: object, z: object, size: tuple[int, int], timed: Callable[..., float]
) -> float:
    """Return the seconds of all convolutions, each on its own in its faster layout."""
    import torch
    from torch import Tensor, nn
    from torch.nn import functional as F

    layers: list[tuple[nn.Conv2d, tuple[int, ...]]] = []

    def note(layer: nn.Conv2d, inputs: tuple[Tensor, ...], _: Tensor) -> None:
        layers.append((layer, tuple(inputs[0].shape)))

    # With the channels outermost every convolution sees the features as they are.
    network.to(memory_format=torch.contiguous_format)  # type: ignore[attr-defined]
    network._repeats = [False for _ in network._repeats]  # type: ignore[attr-defined]
    for module in network.modules():  # type: ignore[attr-defined]
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(note)
    with torch.no_grad():
        network(z, size)  # type: ignore[operator]

    total = 0.0
    for layer, shape in layers:
        found = []
        for layout in (torch.contiguous_format, torch.channels_last):
            x = torch.rand(shape).contiguous(memory_format=layout).requires_grad_()
            weight = layer.weight.detach().contiguous(memory_format=layout).requires_grad_()
            padding = (layer.kernel_size[0] - 1) * layer.dilation[0] // 2

            def both(
                x: Tensor = x, weight: Tensor = weight, layer: nn.Conv2d = layer, p: int = padding
            ) -> None:
                out = F.conv2d(x, weight, None, layer.stride, p, layer.dilation, layer.groups)
                torch.autograd.grad(out, [x, weight], torch.ones_like(out))

            found.append(min(timed(both) for _ in range(5)))
        total += min(found)
    return total


def in_a_process(name: str, size: int, threads: int, form: str) -> dict[str, float]:
    """Return what `measure` finds in a fresh process."""
    command = [sys.executable, __file__, "--one", name, str(size), form, "--threads", str(threads)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure every network and size, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256, 512])
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        name, size, form = options.one
        print(json.dumps(measure(name, int(size), options.threads, form == "plain")))
        return
    columns = ["network", "size", "s / iteration", "times the first", "MiB", "share of matmul rate"]
    columns += ["limit", "plain: s", "MiB", "share", *KINDS]
    print(f"{options.threads} thread(s)\n\n| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for size in options.sizes:
        first = None
        for name in sorted(options.networks, key=lambda name: name != "balanced-denoise"):
            fast, plain = (
                in_a_process(name, size, options.threads, form) for form in ("fast", "plain")
            )
            first = first or fast["seconds"]
            cells = [name, str(size), f"{fast['seconds']:.3f}", f"{fast['seconds'] / first:.1f}"]
            cells += [f"{fast['memory'] / 2**20:.0f}", f"{fast['share']:.0%}"]
            cells += [f"{fast['limit']:.0%}", f"{plain['seconds']:.3f}"]
            cells += [f"{plain['memory'] / 2**20:.0f}", f"{plain['share']:.0%}"]
            cells += [f"{fast[kind]:.0%}" for kind in KINDS]
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
