"""Are networks that searches found better? In pairs, on pictures that no search has seen.

    python benchmarks/found.py run TASK FOUND... --data PICTURES --work DIR [--pictures 16]
        [--ours --without NAME ...] [--workers 2]
    python benchmarks/found.py report --work DIR

FOUND are files of networks, that of the task's own search first, those of other tasks' behind it;
PICTURES is a folder of clean pictures, and the central 256 px of every n-th are damaged. Whether a
network becomes a preset is decided on training pictures (`--without` those of its search, by their
names, and with `--ours` alone, without the original and the released networks); what is published
comes from others, with another `--work`. The networks are compared with
`nasdip bench`, four times:

- `iterations`: each network alone, fitted as the preset `balanced` fits its own: at most as many
  iterations, each until its rule stops it. The original and the released networks are in their slim
  form: no level wider than 32 channels, at half the resolution, with the input and the last layers
  of `balanced`;
- `seconds`: each network alone, at most as many iterations as fit into the time that `balanced`
  took for its own before, in the median over pictures. The original and the released networks are
  there in their slim form, and whole, with the options of their authors;
- `balanced`, `fast`: the preset with the task's own found network in the place of its own, and as
  it is. The found one has at most as many iterations as fit into the time of the preset's own at
  most; either may end sooner by its rule.

`tar xf benchmarks/networks-found/TASK.tar.xz -C DIR` brings back the outcomes of RESULTS.md.

The time of an iteration is that of a short fit, all but the stopping rule, on one thread, by what
that gets of the processor. A bench that was stopped goes on; one process at a time in a DIR.
"""

import argparse
import hashlib
import json
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from benches import DAMAGES, RELEASED, alone, bench, command_line, crops, slim, write

from nasdip_core import restore
from nasdip_core.architecture.named import NamedArchitecture, find_architecture
from nasdip_core.architecture.specification import Architecture
from nasdip_core.fit.events import Event, StepDone
from nasdip_core.plugins import Plugins

TURNS = 3
"""Measurements of every network, one after the other; the median counts."""
FIRST, LAST = 4, 12
"""The iterations between which one is timed."""


def contenders(
    task: str, found: Sequence[str], others: bool, plugins: Plugins
) -> tuple[dict[str, NamedArchitecture], dict[str, NamedArchitecture]]:
    """Return the networks alone, by name, for equal iterations and for equal seconds.

    `others`: the original and the released networks, too.
    """
    balanced = find_architecture(f"balanced-{task}", plugins)
    fit = balanced.fit_options(task)
    assert isinstance(balanced.architecture, Architecture)
    searched = {
        f"found-{Path(file).stem}": find_architecture(file, plugins).architecture for file in found
    }
    if len(searched) < len(found):
        raise ValueError("two of the networks have files of the same name")
    ours = {
        name: alone(network, fit)
        for name, network in {**searched, "balanced": balanced.architecture}.items()
    }
    slims, whole = {}, {}
    for name in ("dip", RELEASED[task]) if others else ():
        theirs = find_architecture(name, plugins)
        assert isinstance(theirs.architecture, Architecture)
        slims[f"{name}-slim"] = alone(slim(theirs.architecture, balanced.architecture), fit)
        whole[name] = alone(theirs.architecture, theirs.fit_options(task))
    return {**ours, **slims}, {**ours, **slims, **whole}


def presets(
    task: str, found: NamedArchitecture, dearer: float, plugins: Plugins
) -> dict[str, dict[str, NamedArchitecture]]:
    """Return both presets with a found network and as they are, by name.

    `dearer`: how many times as long an iteration of the found network takes.
    """
    benches = {}
    for family in ("fast", "balanced"):
        preset = find_architecture(f"{family}-{task}", plugins)
        changed = preset.model_copy(update={"architecture": found.architecture})
        steps = round(preset.fit["steps"] / dearer)
        benches[family] = {f"found-{family}": with_steps(changed, steps), family: preset}
    return benches


def seconds_of(files: Mapping[str, Path], task: str, picture: Path) -> dict[str, float]:
    """Return the seconds an iteration of each takes on one thread."""
    torch.set_num_threads(1)
    turns = [
        {name: iteration(file, task, picture) for name, file in files.items()} for _ in range(TURNS)
    ]
    return {name: statistics.median(turn[name] for turn in turns) for name in files}


def iteration(network: Path, task: str, picture: Path) -> float:
    """Return the seconds an iteration takes in a fit, by what its thread gets of the processor."""
    times: dict[int, float] = {}

    def note(event: Event) -> None:
        if isinstance(event, StepDone):
            times[event.step] = time.thread_time()

    damage = {f"corrupt.{key}": value for key, value in DAMAGES[task].items()}
    short = {"fit.steps": LAST, "fit.report_every": FIRST, "fit.stopping": "fixed"}
    options = {**damage, **short, "device": "cpu"}
    restore(picture, task, arch=str(network), options=options, observers=[note])
    return (times[LAST] - times[FIRST]) / (LAST - FIRST)


def run(options: argparse.Namespace) -> None:
    """Make what is missing of the benches."""
    plugins = Plugins.discover()
    folder = options.work / options.task
    pictures = folder / "pictures"
    crops(options.data, options.pictures, options.without, pictures)
    equal_iterations, equal_seconds = contenders(
        options.task, options.found, not options.ours, plugins
    )

    def compare(name: str, networks: Mapping[str, NamedArchitecture]) -> None:
        files = write(networks, folder / "networks" / name)
        bench(options.task, list(files.values()), pictures, folder / name, options.workers)

    compare("iterations", equal_iterations)
    times, taken = timed(equal_seconds, options.task, folder)
    own = next(iter(equal_seconds))
    given = taken * times["balanced"]
    compare(
        "seconds",
        {
            name: with_steps(network, round(given / times[name]))
            for name, network in equal_seconds.items()
        },
    )
    dearer = times[own] / times["balanced"]
    benches = presets(options.task, equal_seconds[own], dearer, plugins)
    for name, networks in benches.items():
        compare(name, networks)


def timed(
    networks: Mapping[str, NamedArchitecture], task: str, folder: Path
) -> tuple[dict[str, float], float]:
    """Return the seconds of an iteration, and how many `balanced` takes, in the median.

    Measured anew only where the networks are others: what is compared must not change by it.
    """
    file = folder / "seconds.json"
    files = write(networks, folder / "timed")
    content = "".join(path.read_text() for path in files.values())
    digest = hashlib.sha256(content.encode()).hexdigest()
    if file.exists():
        earlier = json.loads(file.read_text())
        if earlier["networks"] == digest:
            return dict(earlier["seconds"]), float(earlier["taken"])
    picture = min((folder / "pictures").iterdir())
    times = seconds_of(files, task, picture)
    taken = iterations_of("balanced", folder / "iterations")
    told = {"networks": digest, "seconds": times, "taken": taken}
    file.write_text(json.dumps(told, indent=1))
    return times, taken


def iterations_of(method: str, folder: Path) -> float:
    """Return how many iterations a method took in a bench, the median over its units."""
    units = [json.loads(path.read_text()) for path in (folder / "units").glob("*.json")]
    done = [unit for unit in units if unit["state"] == "done" and unit["method"] == method]
    return float(statistics.median(unit["iterations"] for unit in done))


def with_steps(network: NamedArchitecture, steps: int) -> NamedArchitecture:
    """Return a network with so many iterations, one at the least."""
    return network.model_copy(update={"fit": {**network.fit, "steps": max(1, steps)}})


def report(work: Path) -> None:
    """Print the benches as Markdown tables."""
    for task in DAMAGES:
        for name in ("iterations", "seconds", "balanced", "fast"):
            table = work / task / name / "table.md"
            if table.exists():
                print(f"### {task}: {name}\n\n{table.read_text()}")


def main() -> None:
    """Read the command line."""
    parser, running = command_line(__doc__.splitlines()[0])
    running.add_argument("found", nargs="+", help="files of networks, the task's own first")
    running.add_argument("--ours", action="store_true", help="no networks of others")
    running.add_argument("--without", nargs="+", default=[], help="names of pictures left out")
    options = parser.parse_args()
    if options.command == "report":
        report(options.work)
        return
    try:
        run(options)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
