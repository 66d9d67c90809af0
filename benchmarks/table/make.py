"""Make the table: fit every point, shard by shard.

    python benchmarks/table/make.py DATA --work DIR [--parts main,seeds] [--shards N]

DATA is a folder of clean pictures. Each shard is one file in DIR, written whole; the same command
goes on where it was stopped, and several processes share the work. `--parts full` makes the fits of
full size that the small ones are held against, which are not among the four hours.
"""

import argparse
import fcntl
import gzip
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import torch
from fits import TASKS, Fits
from work import FOUR_HOURS, PARTS, SETTINGS, Shard, points, shards

from nasdip_core.files import whole_file


@contextmanager
def claimed(file: Path) -> Iterator[bool]:
    """Yield whether the shard is this process's to make; the claim ends with the process."""
    with file.with_suffix(".claim").open("w") as claim:
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def compute(shard: Shard, fits: Fits, file: Path) -> None:
    """Make a shard."""
    part = PARTS[shard.part]
    records = [
        fits.fit(place, points()[place], task, picture, seed)
        for place in shard.points
        for task in TASKS
        for picture in part.pictures
        for seed in part.seeds
    ]
    content = {
        "part": shard.part,
        "pictures": fits.pictures,
        "settings": fits.settings,
        "versions": {name: version(name) for name in ("nasdip", "torch")},
        "fits": records,
    }
    with whole_file(file) as draft:
        draft.write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))


def make(data: Path, work: Path, names: tuple[str, ...], limit: int | None) -> None:
    """Make what is missing, at most so many shards."""
    torch.set_num_threads(1)
    work.mkdir(parents=True, exist_ok=True)
    fits: dict[str, Fits] = {}
    todo = shards(names)
    done = 0
    for shard in todo:
        file = work / f"{shard.name}.json.gz"
        if file.exists():
            continue
        with claimed(file) as mine:
            # Another process may have finished it since it was looked for.
            if not mine or file.exists():
                continue
            setting = PARTS[shard.part].setting
            if setting not in fits:
                fits[setting] = Fits(SETTINGS[setting], data)
            began = time.monotonic()
            compute(shard, fits[setting], file)
        there = sum((work / f"{each.name}.json.gz").exists() for each in todo)
        print(f"{shard.name}: {time.monotonic() - began:.0f} s, {there} of {len(todo)}", flush=True)
        done += 1
        if done == limit:
            return


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--parts", default=",".join(FOUR_HOURS))
    parser.add_argument("--shards", type=int, help="stop after so many")
    options = parser.parse_args()
    make(options.data, options.work, tuple(options.parts.split(",")), options.shards)


if __name__ == "__main__":
    main()
