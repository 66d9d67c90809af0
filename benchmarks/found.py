"""Is a network that a search found better? In pairs, on pictures that no search has seen.

    python benchmarks/found.py run TASK FOUND PICTURES --work DIR [--pictures 16] [--workers 2]
    python benchmarks/found.py report --work DIR

FOUND is the name or the file of a network, PICTURES a folder of clean pictures; the central 256 px
of every n-th are damaged. The networks are compared with `nasdip bench`, four times:

- `iterations`: each network alone, fitted as the preset `balanced` fits its own, as many
  iterations. The original and the released networks are in their slim form: no level wider than
  32 channels, at half the resolution, with the last layers of `balanced`;
- `seconds`: each network alone, as many iterations as fit into the time that `balanced` takes for
  its own. The original and the released networks are whole, with the options of their authors;
- `balanced`, `fast`: the preset with the found network in the place of its own, and as it is.

The time of an iteration is measured on one thread, see speed.py. A bench that was stopped goes on.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from speed import in_a_process

from nasdip_core.architecture.named import NamedArchitecture, find_architecture, to_yaml
from nasdip_core.architecture.specification import Architecture
from nasdip_core.plugins import Plugins
from nasdip_searchspaces.space.nas_dip import NasDip

SIDE = 256
WIDTH = 32
"""Channels a level of the slim forms, as many as `balanced` has."""
DAMAGES: dict[str, dict[str, Any]] = {
    "denoise": {"sigma": 25},
    "inpaint": {"missing": 0.5},
    "super-resolution": {"factor": 4},
}
RELEASED = {
    "denoise": "nas-dip-denoise",
    "inpaint": "nas-dip-inpaint",
    "super-resolution": "nas-dip-sr",
}
ALONE = {"fits": 1, "refine": [], "choice": "last"}
"""The recipe of a network without a filter around it."""
TURNS = 3
"""Measurements of every network, one after the other; the median counts."""


def slim(network: Architecture, head: Any) -> Architecture:
    """Return a network as wide and as coarse as those of the presets."""
    narrow = NasDip(proxy_width=WIDTH).proxy(network)
    reduced = {"working_resolution": 2, "head": head}
    return Architecture.model_validate({**narrow.model_dump(), **reduced})


def methods(task: str, found: str, plugins: Plugins) -> dict[str, dict[str, NamedArchitecture]]:
    """Return the networks of each bench by their names."""
    balanced = find_architecture(f"balanced-{task}", plugins)
    fit = balanced.fit_options(task)
    searched = find_architecture(found, plugins)
    assert isinstance(balanced.architecture, Architecture)

    def alone(network: Any, options: Mapping[str, Any]) -> NamedArchitecture:
        return NamedArchitecture(architecture=network, fit=dict(options), recipe=ALONE)

    ours = {
        "found": alone(searched.architecture, fit),
        "balanced": alone(balanced.architecture, fit),
    }
    slims, whole = {}, {}
    for name in ("dip", RELEASED[task]):
        theirs = find_architecture(name, plugins)
        assert isinstance(theirs.architecture, Architecture)
        slims[f"{name}-slim"] = alone(slim(theirs.architecture, balanced.architecture.head), fit)
        whole[name] = alone(theirs.architecture, theirs.fit_options(task))
    benches = {"iterations": {**ours, **slims}, "seconds": {**ours, **whole}}
    for family in ("balanced", "fast"):
        preset = find_architecture(f"{family}-{task}", plugins)
        found_in = preset.model_copy(update={"architecture": searched.architecture})
        benches[family] = {f"found-{family}": found_in, family: preset}
    return benches


def seconds_of(files: Mapping[str, Path]) -> dict[str, float]:
    """Return the seconds an iteration of each takes on one thread."""
    turns = [
        {name: in_a_process(str(file), SIDE, 1, "fast")["seconds"] for name, file in files.items()}
        for _ in range(TURNS)
    ]
    return {name: statistics.median(turn[name] for turn in turns) for name in files}


def write(networks: Mapping[str, NamedArchitecture], folder: Path) -> dict[str, Path]:
    """Write the networks and return their files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{name}.yaml" for name in networks}
    for name, file in files.items():
        file.write_text(to_yaml(networks[name]))
    return files


def crops(pictures: Path, count: int, folder: Path) -> None:
    """Write the central squares of so many pictures, spread over the folder by name."""
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(file for file in pictures.iterdir() if file.suffix in (".png", ".jpg"))
    for file in files[:: max(1, len(files) // count)][:count]:
        with Image.open(file) as whole:
            left, top = ((side - SIDE) // 2 for side in whole.size)
            square = whole.convert("RGB").crop((left, top, left + SIDE, top + SIDE))
            square.save(folder / f"{file.stem}.png")


def bench(task: str, files: Sequence[Path], pictures: Path, folder: Path, workers: int) -> None:
    """Run `nasdip bench` on the networks, the first one the one that others are held against."""
    damage = [f"corrupt.{key}={value}" for key, value in DAMAGES[task].items()]
    words: list[str | Path] = ["bench", "--task", task, "--data", pictures, "-o", folder]
    words += [word for file in files for word in ("--arch", file)]
    words += [word for option in damage for word in ("-S", option)]
    words += ["--workers", str(workers), "-S", "device=cpu"]
    subprocess.run([sys.executable, "-m", "nasdip_core.cli", *map(str, words)], check=True)


def run(options: argparse.Namespace) -> None:
    """Make what is missing of the benches."""
    plugins = Plugins.discover()
    folder = options.work / options.task
    pictures = folder / "pictures"
    crops(options.folder, options.pictures, pictures)
    benches = methods(options.task, options.found, plugins)
    times_file = folder / "seconds.json"
    if not times_file.exists():
        files = write(benches["seconds"], folder / "timed")
        times_file.write_text(json.dumps(seconds_of(files), indent=1))
    times = json.loads(times_file.read_text())
    given = benches["iterations"]["balanced"].fit["steps"] * times["balanced"]
    benches["seconds"] = {
        name: with_steps(network, max(1, round(given / times[name])))
        for name, network in benches["seconds"].items()
    }
    for name, networks in benches.items():
        files = write(networks, folder / "networks" / name)
        bench(options.task, list(files.values()), pictures, folder / name, options.workers)


def with_steps(network: NamedArchitecture, steps: int) -> NamedArchitecture:
    """Return a network with so many iterations."""
    return network.model_copy(update={"fit": {**network.fit, "steps": steps}})


def report(work: Path) -> None:
    """Print the benches as Markdown tables."""
    for task in DAMAGES:
        for name in ("iterations", "seconds", "balanced", "fast"):
            table = work / task / name / "table.md"
            if table.exists():
                print(f"### {task}: {name}\n\n{table.read_text()}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run")
    running.add_argument("task", choices=DAMAGES)
    running.add_argument("found", help="name or file of a network")
    running.add_argument("folder", type=Path, help="clean pictures")
    running.add_argument("--pictures", type=int, default=16)
    running.add_argument("--workers", type=int, default=1)
    for command in (running, commands.add_parser("report")):
        command.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    if options.command == "report":
        report(options.work)
    else:
        run(options)


if __name__ == "__main__":
    main()
