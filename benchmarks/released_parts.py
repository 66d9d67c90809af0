"""What of NAS-DIP's released networks matters: the cell, the connections, or their size?

    python benchmarks/released_parts.py run TASK --data PICTURES --work DIR [--pictures 16]
        [--workers 2]
    python benchmarks/released_parts.py report --work DIR

Of the network released for a task: its cell alone, its connections alone, and both; what they are
held against is their own skeleton with the bilinear cell and same-level connections. Each once as
wide as that one, and once with as many channels as give it about as many parameters (`-equal`).
The networks released for the other tasks are there, too: does it matter what one was searched for?
All in the slim form of found.py, alone, and fitted as the preset `balanced` fits its own network,
with `nasdip bench`. A bench that was stopped goes on.
"""

from collections.abc import Iterator
from pathlib import Path

from benches import DAMAGES, RELEASED, SIDE, WIDTH, alone, bench, command_line, crops, slim, write

from nasdip_core.architecture.cost import cost_of
from nasdip_core.architecture.named import find_architecture
from nasdip_core.architecture.specification import Architecture
from nasdip_core.plugins import Plugins

MULTIPLE = 4
"""Channels that some cells divide by."""


def released(task: str, plugins: Plugins) -> Architecture:
    """Return the network that was released for a task."""
    network = find_architecture(RELEASED[task], plugins).architecture
    assert isinstance(network, Architecture)
    return network


def parts(task: str, plugins: Plugins) -> Iterator[tuple[str, Architecture]]:
    """Yield the full networks by name, the plain one first."""
    both = released(task, plugins)
    plain = Architecture.model_validate(
        {**both.model_dump(), "cell": {"resample": "bilinear"}, "residual": "same-level"}
    )
    yield "plain", plain
    yield "cell", plain.model_copy(update={"cell": both.cell})
    yield "connections", plain.model_copy(update={"residual": both.residual})
    yield "both", both
    for other in DAMAGES:
        if other != task:
            yield f"both-for-{other}", released(other, plugins)


def parameters(network: Architecture, plugins: Plugins) -> int:
    """Return how many parameters a network for pictures in colour has."""
    return cost_of(network, 3, (SIDE, SIDE), plugins).parameters


def compared(task: str, plugins: Plugins) -> dict[str, Architecture]:
    """Return the slim networks by name: equally wide, and with about equal parameters."""
    balanced = find_architecture(f"balanced-{task}", plugins).architecture
    assert isinstance(balanced, Architecture)
    full = dict(parts(task, plugins))
    wide = {name: slim(network, balanced) for name, network in full.items()}
    budget = parameters(wide["plain"], plugins)
    equal = {}
    for name, network in full.items():
        narrowed = {w: slim(network, balanced, w) for w in range(MULTIPLE, WIDTH + 1, MULTIPLE)}
        sizes = {width: parameters(form, plugins) for width, form in narrowed.items()}
        width = min(sizes, key=lambda w: abs(sizes[w] - budget))
        # Where that is as wide as the plain one, it is there already.
        if width < WIDTH:
            equal[f"{name}-equal"] = narrowed[width]
    return {**wide, **equal}


def run(task: str, data: Path, work: Path, pictures: int, workers: int) -> None:
    """Make what is missing of a task's bench."""
    plugins = Plugins.discover()
    fit = find_architecture(f"balanced-{task}", plugins).fit_options(task)
    networks = {name: alone(network, fit) for name, network in compared(task, plugins).items()}
    crops(data, pictures, (), work / task / "pictures")
    files = write(networks, work / task / "networks")
    bench(task, list(files.values()), work / task / "pictures", work / task / "bench", workers)


def report(work: Path) -> None:
    """Print the parameters and the benches as Markdown."""
    plugins = Plugins.discover()
    for task in DAMAGES:
        table = work / task / "bench" / "table.md"
        if table.exists():
            print(f"### {task}\n\n| network | channels | parameters |\n|---|---|---|")
            for name, network in compared(task, plugins).items():
                assert network.encoder
                channels = max(network.encoder.widths)
                print(f"| {name} | {channels} | {parameters(network, plugins):,} |")
            print(f"\n{table.read_text()}")


def main() -> None:
    """Read the command line."""
    parser, _ = command_line(__doc__.splitlines()[0])
    options = parser.parse_args()
    if options.command == "report":
        report(options.work)
    else:
        run(options.task, options.data, options.work, options.pictures, options.workers)


if __name__ == "__main__":
    main()
