"""Pack finished shards into the table.

    python benchmarks/table/pack.py --work DIR [-o benchmarks/table/table.npz]

Says what is missing. Decibels are kept in hundredths, proxies in half precision.
"""

import argparse
import gzip
import io
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from fits import TASKS
from numpy.typing import NDArray
from table import COSTS, FILE, MEASURES, MISSING, PROXIES
from work import PARTS, PATTERN_CELLS, SETTINGS, points, shards, spaces

from nasdip_core.files import whole_file


def read(work: Path) -> list[dict[str, Any]]:
    """Return the contents of the shards that are done."""
    files = sorted(work.glob("*.json.gz"))
    return [json.loads(gzip.decompress(file.read_bytes())) for file in files]


def pack(done: list[dict[str, Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays of the table. Raises ValueError for shards that do not go together."""
    _check(done)
    arrays: dict[str, NDArray[Any]] = {}
    places: dict[int, tuple[str, int]] = {}
    for space, whole in spaces(16).items():
        rows: list[list[int]] = []
        for number, point in enumerate(points()):
            if point.space == space:
                places[number] = space, len(rows)
                rows.append([d.choices.index(point.choices[d.name]) for d in whole.decisions])
        arrays[f"{space}/points"] = np.array(rows, np.uint8)
    fits: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for shard in done:
        for fit in shard["fits"]:
            fits[places[fit["point"]][0], PARTS[shard["part"]].setting].append(fit)
    for space in spaces(16):
        for setting in SETTINGS:
            arrays |= _packed(
                f"{space}/{setting}",
                fits[space, setting],
                {number: place for number, (where, place) in places.items() if where == space},
                len(SETTINGS[setting].iterations),
            )
    meta = {
        "format": 1,
        "tasks": list(TASKS),
        "pictures": done[0]["pictures"],
        "versions": [dict(one) for one in sorted({tuple(s["versions"].items()) for s in done})],
        "pattern_cells": [spaces(16)["nas-dip-cell"].canonical(cell) for cell in PATTERN_CELLS],
        "iterations": {name: setting.iterations for name, setting in SETTINGS.items()},
        "decisions": {
            space: {d.name: d.choices for d in whole.decisions}
            for space, whole in spaces(16).items()
        },
    }
    arrays["meta"] = np.array(json.dumps(meta))
    return arrays


def _check(done: list[dict[str, Any]]) -> None:
    """Raise ValueError where shards are of different pictures, or fits of one setting differ."""
    if len({tuple(shard["pictures"]) for shard in done}) > 1:
        raise ValueError("the shards are of different pictures")
    # The first shards do not tell their settings.
    told = {
        (PARTS[shard["part"]].setting, json.dumps(shard["settings"], sort_keys=True))
        for shard in done
        if "settings" in shard
    }
    if len(told) > len({setting for setting, _ in told}):
        raise ValueError("the shards are of different settings")


def _packed(
    prefix: str, fits: list[dict[str, Any]], places: dict[int, int], columns: int
) -> dict[str, NDArray[Any]]:
    """Return the arrays of the fits of one space and setting, in a fixed order."""
    tasks = list(TASKS)
    keyed = sorted(
        (tasks.index(fit["task"]), places[fit["point"]], fit["picture"], fit["seed"], i)
        for i, fit in enumerate(fits)
    )
    ordered = [fits[key[-1]] for key in keyed]
    costs = np.full((len(places), len(COSTS)), np.nan)
    for fit in ordered:
        costs[places[fit["point"]]] = [fit[name] for name in COSTS]
    where = np.array([key[:-1] for key in keyed], np.uint16).reshape(-1, 4)
    arrays: dict[str, NDArray[Any]] = {"where": where, "costs": costs}
    arrays["stopped_step"] = np.array([fit["stopped_step"] for fit in ordered], np.uint16)
    for name in MEASURES:
        found = np.array([fit[name] for fit in ordered], np.float64)
        if name != "stopped":
            found = found.reshape(-1, columns)
        hundredths = np.where(np.isnan(found), MISSING, np.round(found * 100))
        arrays[name] = hundredths.astype(np.int16)
    for name in PROXIES:
        arrays[name] = np.array([fit[name] for fit in ordered], np.float16)
    return {f"{prefix}/{name}": array for name, array in arrays.items()}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, default=FILE)
    options = parser.parse_args()
    done = read(options.work)
    if not done:
        parser.error(f"there is no finished shard in '{options.work}'")
    packed = io.BytesIO()
    try:
        np.savez_compressed(packed, **pack(done))  # type: ignore[arg-type]
    except ValueError as error:
        parser.error(str(error))
    with whole_file(options.output) as draft:
        draft.write_bytes(packed.getvalue())
    print(f"{options.output}: {len(packed.getvalue()) / 1e6:.2f} MB")
    for name in PARTS:
        have, all_of_it = sum(s["part"] == name for s in done), len(shards((name,)))
        print(f"{name}: {have} of {all_of_it} shards")


if __name__ == "__main__":
    main()
