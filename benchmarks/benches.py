"""What benchmarks that compare networks by `nasdip bench` share."""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from nasdip_core.architecture.named import NamedArchitecture, to_yaml
from nasdip_core.architecture.specification import Architecture
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
FAILED_UNITS = 1
"""What `nasdip bench` exits with where all was tried and some units failed."""
ALONE = {"fits": 1, "refine": [], "choice": "last"}
"""The recipe of a network without a filter around it."""


def slim(network: Architecture, balanced: Architecture, width: int = WIDTH) -> Architecture:
    """Return a network in the form of a preset's, with so many channels a level at most.

    As coarse, and with its input, which the preset's jitter is for, and its last layers.
    """
    preset = balanced.model_dump()
    as_there = {name: preset[name] for name in ("working_resolution", "input", "head")}
    narrow = NasDip(proxy_width=width).proxy(network)
    return Architecture.model_validate({**narrow.model_dump(), **as_there})


def alone(network: Any, options: Mapping[str, Any]) -> NamedArchitecture:
    """Return a network without a filter around it, and how it is fitted."""
    return NamedArchitecture(architecture=network, fit=dict(options), recipe=ALONE)


def write(networks: Mapping[str, NamedArchitecture], folder: Path) -> dict[str, Path]:
    """Write the networks under their names and return their files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{name}.yaml" for name in networks}
    for name, file in files.items():
        file.write_text(to_yaml(networks[name].model_copy(update={"name": name})))
    return files


def crops(pictures: Path, count: int, without: Sequence[str], folder: Path) -> None:
    """Write the central squares of so many pictures, spread over a folder by name.

    Raises ValueError where one that is to be left out is not there.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = sorted(file for file in pictures.iterdir() if file.suffix in (".png", ".jpg"))
    left_out = {Path(name).stem for name in without}
    if not left_out <= {file.stem for file in files}:
        raise ValueError(f"not all of {', '.join(without)} are in '{pictures}'")
    files = [file for file in files if file.stem not in left_out]
    for file in files[:: max(1, len(files) // count)][:count]:
        with Image.open(file) as whole:
            left, top = ((side - SIDE) // 2 for side in whole.size)
            square = whole.convert("RGB").crop((left, top, left + SIDE, top + SIDE))
            square.save(folder / f"{file.stem}.png")


def bench(task: str, files: Sequence[Path], pictures: Path, folder: Path, workers: int) -> None:
    """Run `nasdip bench` on the networks, the first one the one that others are held against.

    Units that failed are told in its table; what others came to stands.
    """
    damage = [f"corrupt.{key}={value}" for key, value in DAMAGES[task].items()]
    words: list[str | Path] = ["bench", "--task", task, "--data", pictures, "-o", folder]
    words += [word for file in files for word in ("--arch", file)]
    words += [word for option in damage for word in ("-S", option)]
    words += ["--workers", str(workers), "-S", "device=cpu"]
    told = folder / "bench.json"
    before = told.stat().st_mtime_ns if told.exists() else 0
    done = subprocess.run([sys.executable, "-m", "nasdip_core.cli", *map(str, words)], check=False)
    # It may also end so before it has tried all.
    if done.returncode != FAILED_UNITS or not told.exists() or told.stat().st_mtime_ns == before:
        done.check_returncode()


def command_line(title: str) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """Return a parser with `run TASK` and `report`, and that of `run`, which may take more."""
    parser = argparse.ArgumentParser(description=title)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run")
    running.add_argument("task", choices=DAMAGES)
    running.add_argument("--data", type=Path, required=True, help="clean pictures")
    running.add_argument("--pictures", type=int, default=16)
    running.add_argument("--workers", type=int, default=1)
    for command in (running, commands.add_parser("report")):
        command.add_argument("--work", type=Path, required=True)
    return parser, running
