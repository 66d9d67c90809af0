"""Quality against seconds: our presets, the original and released networks, classical methods.

    python benchmarks/time_to_quality.py --data DATA [-o DIR]      # the full one, hours, resumable
    python benchmarks/time_to_quality.py --small [-o DIR]          # 2 bundled pictures, minutes
    python benchmarks/time_to_quality.py --report -o DIR           # table and plot of what is there
    python benchmarks/time_to_quality.py --report --readme -o DIR  # and put them into the README

One unit is a method, a damage and a picture. It runs in a process of its own, on one thread; its
outcome is one JSON file in DIR/units, so the same command goes on where it stopped. In every unit
of ours, iterations of `dip` are timed before and after, so that ratios hold while the machine's
speed drifts: the seconds that `dip` needs for the quality of its n-th iteration are n times that,
and the quality is that of the committed curves in benchmarks/reference (see reference_curves.py).
Qualities are PSNR against the truth of the picture as it would be written; the stopping never sees
it.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from reference_curves import DAMAGES, picture_file, small_names

from nasdip_core.files import whole_file

DAMAGED = {
    **DAMAGES,
    "holes": ("inpaint", {"kind": "box"}),
    "super-resolution": ("super-resolution", {"factor": 4}),
}
PRESETS = ("fast", "balanced", "best")
NETWORKS = {
    "denoise": ("deep-decoder", "nas-dip-denoise"),
    "inpaint": ("deep-decoder", "nas-dip-inpaint"),
    "super-resolution": ("dip", "deep-decoder", "nas-dip-sr"),
}
"""Those of others; `dip` has its reference curves for the other tasks."""
LARGE = ("f16", "astronaut", "chelsea")
"""The pictures of 256 px that these networks and `dip` are fitted to; the others are eight more."""
LIMIT = 300
"""Seconds that each of them is given."""
CLASSICAL = {
    "denoise": ("non-local-means", "total-variation", "wavelet", "collaborative"),
    "inpaint": ("biharmonic", "collaborative"),
    "super-resolution": ("bicubic", "lanczos", "back-projection"),
}
REFINES = ("biharmonic", "collaborative", "back-projection")
"""Those of them that are refine plugins, run without a network."""
PAIRED = 2
"""Iterations of `dip` timed before and after a unit."""


@dataclass(frozen=True)
class Unit:
    """One method on one damaged picture."""

    damage: str
    picture: str
    side: int
    method: str
    limit: float
    """Seconds that a network of others is given; ours take what they take."""

    @property
    def name(self) -> str:
        """The stem of its file."""
        return f"{self.damage}--{self.picture}--{self.side}px--{self.method}"

    @property
    def task(self) -> str:
        """The task that undoes the damage."""
        return DAMAGED[self.damage][0]


def units(options: argparse.Namespace) -> Iterator[Unit]:
    """Yield the units, those of the figures first."""
    if options.small:
        for name in ("astronaut", "chelsea"):
            for method in ("fast", "balanced", *CLASSICAL["denoise"], "dip"):
                yield Unit("denoise", name, 128, method, 90)
        return
    pictures = [(name, 256) for name in LARGE]
    pictures += [(name, side) for side in (128, 256) for name in small_names(options.data)]
    quick = [(d, p, s) for p, s in pictures for d in DAMAGED]
    for kinds in [kind.split("+") for kind in options.kinds.split(",")]:
        for damage, name, side in quick:
            task = DAMAGED[damage][0]
            networks = NETWORKS[task] if name in LARGE else ()
            methods = {"classical": CLASSICAL[task], "networks": networks}
            for kind in kinds:
                for method in methods.get(kind, (kind,)):
                    yield Unit(damage, name, side, method, LIMIT)


def compute(unit: Unit, data: Path | None, work: Path) -> dict[str, Any]:
    """Run one unit and return its outcome: the curve, the three qualities, paired times."""
    import torch

    from nasdip_core import restore
    from nasdip_core.fit.events import RefineDone, StepDone

    torch.set_num_threads(1)
    task, corrupt = DAMAGED[unit.damage]
    file = picture_file(data or Path(), unit.picture, unit.side, work)
    options: dict[str, Any] = {"corrupt": corrupt, "fit.report_every": 5, "device": "cpu"}
    words: dict[str, Any] = {}
    paired: list[float] = []
    if unit.method in REFINES:
        options |= {"recipe.fits": 0, "recipe.refine": [unit.method]}
    elif unit.method in CLASSICAL[task]:
        return {"unit": asdict(unit), **classical(unit, file)}
    elif unit.method in PRESETS:
        options["preset"] = unit.method
        paired += dip_steps(unit, file)
    else:
        words["arch"] = unit.method
        options |= {"seconds": unit.limit, "fit.averaging": 0.99}
    curve: list[list[float]] = []
    started = time.monotonic()

    def watch(event: Any) -> None:
        if isinstance(event, (StepDone, RefineDone)) and "psnr" in event.measures:
            curve.append([time.monotonic() - started, event.measures["psnr"], event.step])

    found = restore(str(file), task, arch=words.get("arch"), options=options, observers=[watch])
    seconds = time.monotonic() - started
    assert found.quality is not None
    if paired:
        paired += dip_steps(unit, file)
    quality = {key: value["psnr"] for key, value in found.quality.items()}
    return {
        "unit": asdict(unit),
        "seconds": seconds,
        "iterations": found.result["iterations"],
        "quality": quality,
        "parts": found.result["parts"],
        "curve": [*curve, [seconds, quality["self_stopped"], 0]],
        "dip_seconds_per_iteration": paired,
    }


def classical(unit: Unit, file: Path) -> dict[str, Any]:
    """Return the outcome of a classical method."""
    from nasdip_core.bench.child import classical_estimate
    from nasdip_core.pipeline.prepare import prepare
    from nasdip_core.pipeline.quality import compare
    from nasdip_core.plugins import Plugins

    plugins = Plugins.discover()
    prepared = prepare(resolved(unit, file, plugins, "dip"), plugins)
    truth = prepared.sources.inputs().truth
    assert truth is not None
    started = time.monotonic()
    restored = classical_estimate(unit.method, prepared, plugins)
    seconds = time.monotonic() - started
    psnr = compare(restored, truth)["psnr"]
    quality = dict.fromkeys(("self_stopped", "oracle", "last"), psnr)
    return {"seconds": seconds, "quality": quality, "curve": [[seconds, psnr, 0]]}


def resolved(unit: Unit, file: Path, plugins: Any, arch: str) -> Any:
    """Return a unit's request with an architecture."""
    from nasdip_core.options import parse
    from nasdip_core.pipeline.request import RestoreRequest, resolve

    task, corrupt = DAMAGED[unit.damage]
    request = {"picture": str(file), "arch": arch, "corrupt": corrupt, "device": "cpu"}
    return resolve(task, parse(RestoreRequest, request, ""), plugins, Path())


def dip_steps(unit: Unit, file: Path) -> list[float]:
    """Return the seconds of some iterations of `dip` on the unit's problem, the first left out."""
    import torch

    from nasdip_core.fit.events import StepDone
    from nasdip_core.fit.loop import Fit
    from nasdip_core.fit.networks import make_networks
    from nasdip_core.pipeline.prepare import make_rule, prepare
    from nasdip_core.plugins import Plugins

    plugins = Plugins.discover()
    request = resolved(unit, file, plugins, "dip")
    problem = prepare(request, plugins).problem
    cpu = torch.device("cpu")
    networks = make_networks(problem.slots, request.arch.architecture, plugins, 0, cpu)
    options = request.fit.model_copy(update={"steps": PAIRED + 1, "report_every": 1})
    clock: list[float] = []

    def watch(event: Any) -> None:
        if isinstance(event, StepDone):
            clock.append(event.seconds)

    rule = make_rule(request, plugins)
    Fit(problem, networks, options, rule, seed=0, device=cpu, observers=[watch]).run()
    return [after - before for before, after in pairwise(clock)]


def main() -> None:
    """Do what is missing, each unit in a process of its own; then report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--readme", action="store_true", help="put table and plot into README")
    parser.add_argument("-o", "--output", type=Path, default=Path("nasdip-out/time-to-quality"))
    parser.add_argument("--only", default="", help="only units whose name holds this")
    parser.add_argument(
        "--kinds",
        default="fast+balanced,classical,best,networks",
        help="what to run, in this order; + joins what is run side by side",
    )
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = options.output / "units"
    folder.mkdir(parents=True, exist_ok=True)
    if options.one:
        unit = Unit(**json.loads(options.one))
        outcome = compute(unit, options.data, options.output)
        with whole_file(folder / f"{unit.name}.json") as draft:
            draft.write_text(json.dumps(outcome))
        return
    if not options.report:
        if not options.small and options.data is None:
            parser.error("give --data DATA, or --small")
        for unit in units(options):
            if options.only in unit.name and not (folder / f"{unit.name}.json").exists():
                command = [sys.executable, __file__, "--one", json.dumps(asdict(unit))]
                command += ["-o", str(options.output)]
                command += ["--data", str(options.data)] if options.data else []
                code = subprocess.run(command, check=False).returncode
                print(f"{unit.name}: {'done' if code == 0 else 'FAILED'}", flush=True)
    from time_to_quality_report import report

    report(options.output, readme=options.readme)


if __name__ == "__main__":
    main()
