"""Is a search worth it for one picture? Against more fits of the network at hand, in equal time.

    python benchmarks/single_picture.py run DATA --work DIR [--pictures 6] [--trials 40]
    python benchmarks/single_picture.py report --work DIR

One core is what they share: begin the command with `taskset -c 0`, or it is not equal time. One
process at a time in a DIR.

DATA holds clean pictures; the central 128 px of each, or of every n-th, are damaged, and the truth
is for the last measurement only. A unit is a task and a picture:

- `once`: the network of the preset `balanced`, fitted once, no filter around it;
- `search`: a search for this picture by a reward that needs no truth, then the mean of the three
  fits of its best network that it has kept;
- `top`: the same search, and the mean of its five best networks, each fitted once more;
- `seeds`: the first network again, fitted as often as the search took time, and averaged;
- `preset`: `balanced` as it is, with its filter.

Each outcome is one JSON file in DIR, so the same command goes on where it stopped; another number
of trials makes it anew.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image
from scipy.stats import t as student

from nasdip_core import restore, search
from nasdip_core.errors import NasdipError
from nasdip_core.files import whole_file
from nasdip_core.imaging.metrics import psnr
from nasdip_core.imaging.read import read_picture

SIDE = 128
TASKS: dict[str, dict[str, Any]] = {
    "denoise": {"sigma": 25},
    "inpaint": {"missing": 0.5},
    "super-resolution": {"factor": 4},
}
REWARDS = {"denoise": "sure", "inpaint": "held-out", "super-resolution": "held-out"}
"""Those that docs/rewards.md advises."""
BARE = {"recipe.refine": [], "recipe.choice": "last"}
"""No filter around the fits."""
ALONE = {**BARE, "recipe.fits": 1}
ARMS = ("once", "search", "top", "seeds", "preset")


def compute(task: str, picture: Path, folder: Path, trials: int) -> dict[str, Any]:
    """Run one unit and return its outcome: seconds and PSNR of every arm."""
    files: dict[str, Any] = {
        role: str(path) for role, path in damage(task, picture, folder).items()
    }
    damaged, truth = files.pop("damaged"), read_picture(files.pop("truth")).tensor()
    arms: dict[str, dict[str, float]] = {}

    def measured(before: float = 0.0, **words: Any) -> dict[str, float]:
        """Restore, and return seconds, those spent before counted in, and the self-stopped PSNR."""
        options = {"device": "cpu", **words.pop("options", {})}
        begun = time.monotonic()
        # With the truth told, the fits that the search has kept, without it, would not count.
        found = restore(damaged, task, options=options, **files, **words)
        seconds = before + time.monotonic() - begun
        return {"seconds": round(seconds, 2), "psnr": psnr(found.picture.tensor(), truth)}

    known = f"balanced-{task}"
    # The first fit of a process also loads what the others find there.
    several = [measured(arch=known, options=ALONE) for _ in range(4)][1:]
    arms["once"] = sorted(several, key=lambda arm: arm["seconds"])[1]
    begun = time.monotonic()
    told = search(
        damaged,
        task,
        trials=trials,
        known=[known],
        options={
            "space": "compact",
            "reward": REWARDS[task],
            # Networks that are too dear for the time are no help.
            "limits.macs": 3e8,
            "device": "cpu",
            **files,
        },
        output=folder / "search",
    )
    spent = time.monotonic() - begun
    arms["search"] = measured(spent, arch=f"{folder / 'search'}#best", options=BARE)
    arms["top"] = measured(spent, arch=f"{folder / 'search'}#top5", options=BARE)
    fits = max(2, round(arms["search"]["seconds"] / arms["once"]["seconds"]))
    arms["seeds"] = measured(arch=known, options={**ALONE, "recipe.fits": fits})
    arms["preset"] = measured(options={"preset": "balanced"})
    return {
        "task": task,
        "picture": picture.stem,
        "asked": trials,
        "trials": told["trials"],
        "fits": fits,
        "arms": arms,
    }


def damage(task: str, picture: Path, folder: Path) -> dict[str, Path]:
    """Write what a user would have; return the files by role, the truth among them."""
    with Image.open(picture) as whole:
        left, top = ((side - SIDE) // 2 for side in whole.size)
        folder.mkdir(parents=True, exist_ok=True)
        whole.convert("RGB").crop((left, top, left + SIDE, top + SIDE)).save(folder / "clean.png")
    step = {"task": task, "picture": "clean.png", "corrupt": TASKS[task]}
    pipeline = {
        "nasdip": 1,
        "name": "damage",
        "steps": [{"id": "damage", "uses": "step.corrupt", "with": step}],
    }
    (folder / "damage.yaml").write_text(yaml.safe_dump(pipeline))
    words = ("-m", "nasdip_core.cli", "run", folder / "damage.yaml", "-o", folder / "damage")
    subprocess.run([sys.executable, *map(str, words)], check=True, stdout=subprocess.DEVNULL)
    roles = ("damaged", "truth", *(["mask"] if task == "inpaint" else []))
    return {role: next((folder / "damage").rglob(f"{role}.png")) for role in roles}


def run(options: argparse.Namespace) -> None:
    """Make the units that are missing."""
    if len(os.sched_getaffinity(0)) > 1:
        raise ValueError("the ways are not on one core: begin with taskset -c 0")
    torch.set_num_threads(1)
    pictures = sorted(p for p in options.data.iterdir() if p.suffix in (".png", ".jpg"))
    chosen = pictures[:: max(1, len(pictures) // options.pictures)][: options.pictures]
    for picture in chosen:
        for task in TASKS:
            file = options.work / f"{task}--{picture.stem}.json"
            if file.exists() and json.loads(file.read_text())["asked"] == options.trials:
                continue
            folder = options.work / file.stem
            # A search that was cut short would go on, and its time would be told too short.
            shutil.rmtree(folder, ignore_errors=True)
            try:
                outcome = compute(task, picture, folder, options.trials)
            except NasdipError as error:
                print(f"{file.stem}: failed: {error}", flush=True)
                continue
            with whole_file(file) as draft:
                draft.write_text(json.dumps(outcome, indent=1))
            print(f"{file.stem}: " + ", ".join(said(outcome["arms"])), flush=True)


def said(arms: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return a phrase an arm."""
    return [f"{name} {arm['psnr']:.2f} dB in {arm['seconds']:.0f} s" for name, arm in arms.items()]


def report(work: Path) -> None:
    """Print means, and what lies between each way and more seeds, with its 95 % interval."""
    outcomes = [json.loads(file.read_text()) for file in sorted(work.glob("*--*.json"))]
    if len({outcome["asked"] for outcome in outcomes}) > 1:
        raise ValueError(f"the searches in '{work}' had different numbers of trials: run it again")
    print(
        "| task | pictures | way | seconds | times those of more seeds | PSNR | above more seeds |"
    )
    print("|---|---|---|---|---|---|---|")
    for task in TASKS:
        arms = [outcome["arms"] for outcome in outcomes if outcome["task"] == task]
        for name in ARMS if arms else ():
            decibels = np.array([arm[name]["psnr"] for arm in arms])
            against = decibels - np.array([arm["seeds"]["psnr"] for arm in arms])
            seconds = np.median([arm[name]["seconds"] for arm in arms])
            longer = np.median([arm[name]["seconds"] / arm["seeds"]["seconds"] for arm in arms])
            print(
                f"| {task} | {len(arms)} | {name} | {seconds:.0f} | {longer:.2f} "
                f"| {decibels.mean():.2f} dB | "
                f"{against.mean():+.2f} ± {_half(against):.2f} dB |"
            )


def _half(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Return half the width of Student's 95 % interval of the mean."""
    if len(values) < 2:
        return float("nan")
    return float(student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    actions = parser.add_subparsers(dest="action", required=True)
    making = actions.add_parser("run")
    making.add_argument("data", type=Path)
    making.add_argument("--work", type=Path, required=True)
    making.add_argument("--pictures", type=int, default=6)
    making.add_argument("--trials", type=int, default=40)
    reporting = actions.add_parser("report")
    reporting.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    try:
        if options.action == "run":
            run(options)
        else:
            report(options.work)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
