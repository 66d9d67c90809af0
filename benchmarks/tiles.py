"""Tiles of large pictures: how visible the seams are, what they cost, and the memory of 24 MP.

    python benchmarks/tiles.py seams       # a bundled picture, enlarged: tiled against whole
    python benchmarks/tiles.py large       # 6000 x 4000 pixels, two steps a tile, a filter: memory

A seam shows where neighbouring pixels differ more across a tile's edge than elsewhere. The step
across every edge of a tile is the mean absolute difference of the error (result minus truth) of
the two pixels beside it, as a ratio to the same over all other pairs: 1 is invisible.
"""

import sys
import time

import numpy as np
from PIL import Image

from nasdip_core import restore
from nasdip_core.imaging.samples import sample_path
from nasdip_core.resources import peak_memory_bytes
from nasdip_core.tiles import Tiling

SIDE = 128


def seams() -> None:
    """Fit a 384 px picture as a whole and in tiles, and compare."""
    with Image.open(sample_path("astronaut")) as image:
        truth = np.array(image.convert("RGB").resize((384, 384), Image.Resampling.LANCZOS))
    options = {
        "corrupt.sigma": 25,
        "fit.steps": 250,
        "fit.stopping": "fixed",
        "recipe.fits": 1,
        "recipe.refine": [],
        "recipe.choice": "last",
    }
    print("| | PSNR | s | step across edges |")
    print("|---|---|---|---|")
    for name, tile in (("whole", None), ("tiled", SIDE)):
        more = {} if tile is None else {"tile": tile}
        started = time.perf_counter()
        found = restore(truth, "denoise", options={**options, **more})
        seconds = time.perf_counter() - started
        error = found.picture.colour.astype(float) - truth
        assert found.quality is not None
        psnr = found.quality["self_stopped"]["psnr"]
        print(
            f"| {name} | {psnr:.2f} | {seconds:.0f} | {step_across_edges(error):.3f} |", flush=True
        )


def step_across_edges(error: np.ndarray) -> float:
    """Return the step at the edges of tiles as a ratio to the step elsewhere."""
    tiles = Tiling(error.shape[:2], SIDE).tiles
    edges = {t.left for t in tiles} | {t.left + t.width for t in tiles}
    places = sorted(edge - 1 for edge in edges if 0 < edge < error.shape[1])
    steps = np.abs(np.diff(error, axis=1)).mean(axis=(0, 2))
    here = np.zeros(len(steps), bool)
    here[places] = True
    return float(steps[here].mean() / steps[~here].mean())


def large() -> None:
    """Run 24 megapixels with two steps a tile and print the process's high-water mark."""
    with Image.open(sample_path("coffee")) as image:
        picture = np.array(image.convert("RGB").resize((6000, 4000), Image.Resampling.BICUBIC))
    started = time.perf_counter()
    # The preset's parts, each once and in short; its full filter would take a quarter of an hour.
    short = {"uses": "collaborative", "with": {"passes": 1, "partners": 8, "reach": 2}}
    options = {"fit.steps": 2, "fit.stopping": "fixed", "recipe.fits": 1, "recipe.refine": [short]}
    found = restore(picture, "denoise", options=options)
    peak = peak_memory_bytes() or 0
    print(
        f"24 megapixels, {len(found.result['fits'])} tiles, 2 steps each: "
        f"{peak / 2**30:.2f} GiB, {time.perf_counter() - started:.0f} s"
    )


if __name__ == "__main__":
    {"seams": seams, "large": large}[sys.argv[1]]()
