"""Error at missing entries of a cube: the networks of `factorize` and the classical methods.

    python benchmarks/factorize.py CUBE --missing 0.2 0.5 0.8 --seeds 3

prints relative errors |X - M| / |M| over the missing entries, which no method has seen.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from nasdip_core.bench.child import classical_estimate
from nasdip_core.imaging.picture import Picture
from nasdip_core.options import parse
from nasdip_core.pipeline.prepare import Prepared, prepare
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.restore import run
from nasdip_core.plugins import Plugins

BASELINES = ("truncated-svd", "nmf", "soft-impute")


def error(made: Picture, prepared: Prepared) -> float:
    """Return the relative error over the missing entries."""
    sources = prepared.sources
    assert sources.mask is not None
    assert sources.truth is not None
    missing = sources.mask.colour > 0.5
    truth = sources.truth.colour[missing].astype(np.float64)
    return float(np.linalg.norm(made.colour[missing] - truth) / np.linalg.norm(truth))


def main() -> None:
    """Measure and print one line a method, share and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cube", type=Path)
    parser.add_argument("--missing", type=float, nargs="+", default=[0.2, 0.5, 0.8])
    parser.add_argument("--seeds", type=int, default=1)
    words = parser.parse_args()
    plugins = Plugins.discover()
    for missing in words.missing:
        for seed in range(words.seeds):
            content = {
                "picture": str(words.cube),
                "seed": seed,
                "corrupt": {"missing": missing},
            }
            request = parse(RestoreRequest, content, "")
            resolved = resolve("factorize", request, plugins, Path())
            prepared = prepare(resolved, plugins)
            for name in ("factorize", *BASELINES):
                started = time.monotonic()
                if name == "factorize":
                    made = run(resolved, plugins, None).picture
                else:
                    made = classical_estimate(name, prepared, plugins)
                seconds = time.monotonic() - started
                line = f"{missing:.0%} seed {seed} {name:<14} {error(made, prepared):.5f}"
                print(f"{line} {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
