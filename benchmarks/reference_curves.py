"""Reference curves: what the original network (`dip`) reaches by iteration. Hours of one core.

    python benchmarks/reference_curves.py DATA [--work DIR]

DATA holds `dip_denoising_jpeg/F16_GT.png` and `cbsd68/`. Each curve is one CSV file in
benchmarks/reference/, written once it is whole: iteration, PSNR of the raw output, PSNR of the
average (decay 0.99). A curve that is under way goes on from its checkpoint in DIR; several
processes share the work. The curves stand in the order in which they are wanted.
"""

import argparse
import fcntl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from nasdip_core.device import choose_device
from nasdip_core.fit.loop import Fit
from nasdip_core.fit.networks import make_networks
from nasdip_core.fit.stopping import Observation, StoppingRule, Verdict
from nasdip_core.imaging.samples import sample_path
from nasdip_core.options import parse
from nasdip_core.pipeline.prepare import prepare
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem

CURVES = Path(__file__).parent / "reference"
STEPS = 1600
EVERY = 10
DAMAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "denoise": ("denoise", {"sigma": 25}),
    "inpaint": ("inpaint", {"missing": 0.5}),
    "text": ("inpaint", {"kind": "text"}),
}
"""Name of a damage -> task and `corrupt` options."""


@dataclass(frozen=True)
class Curve:
    """One curve that is wanted."""

    damage: str
    picture: str
    side: int
    seed: int = 0

    @property
    def name(self) -> str:
        """The stem of its files."""
        return f"{self.damage}-{self.picture}-{self.side}px-seed-{self.seed}"


class Recorder(StoppingRule):
    """Notes both qualities, of the pictures as they would be written, and never stops the fit."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.rows: list[list[float]] = []

    def observe(self, observation: Observation) -> Verdict:
        """Measure every tenth step."""
        if observation.step % EVERY == 0:
            outputs = (observation.output, observation.average)
            found = [self.problem.measures({"restored": output})["psnr"] for output in outputs]
            self.rows.append([observation.step, *found])
        return Verdict()

    def state_dict(self) -> dict[str, Any]:
        """Return the rows."""
        return {"rows": torch.tensor(self.rows, dtype=torch.float64).reshape(-1, 3)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back the rows."""
        self.rows = state["rows"].tolist()


def small_names(data: Path) -> list[str]:
    """Return eight pictures of the benchmark set: every eighth by name."""
    return [path.stem for path in sorted((data / "cbsd68").glob("*.png"))[::8][:8]]


def wanted(data: Path) -> Iterator[Curve]:
    """Yield the curves, the most telling first."""
    yield Curve("denoise", "f16", 256)
    names = small_names(data)
    for name in names:
        for damage in DAMAGES:
            yield Curve(damage, name, 128)
    for name in ("f16", "astronaut", "chelsea"):
        for damage in DAMAGES:
            if (damage, name) != ("denoise", "f16"):
                yield Curve(damage, name, 256)
    for name in names[:2]:
        for seed in (1, 2):
            yield Curve("denoise", name, 128, seed)


def picture_file(data: Path, name: str, side: int, work: Path) -> Path:
    """Write the central square of a picture, shrunk to `side`, and return the file."""
    file = work / f"{name}-{side}px.png"
    if not file.exists():
        if name == "f16":
            source = data / "dip_denoising_jpeg" / "F16_GT.png"
        elif name in ("astronaut", "chelsea"):
            source = sample_path(name)
        else:
            source = data / "cbsd68" / f"{name}.png"
        with Image.open(source) as image:
            square = min(image.size)
            left, top = (image.width - square) // 2, (image.height - square) // 2
            crop = image.convert("RGB").crop((left, top, left + square, top + square))
            crop.resize((side, side), Image.Resampling.LANCZOS).save(file)
    return file


def compute(curve: Curve, data: Path, work: Path) -> None:
    """Fit one curve to its end, from its checkpoint where there is one."""
    plugins = Plugins.discover()
    task, corrupt = DAMAGES[curve.damage]
    request = {
        "picture": str(picture_file(data, curve.picture, curve.side, work)),
        "arch": "dip",
        "seed": curve.seed,
        "device": "cpu",
        "corrupt": corrupt,
        # The average is measured for all tasks; it does not act on the fit.
        "fit": {"steps": STEPS, "averaging": 0.99, "stopping": "fixed", "checkpoint_seconds": 120},
    }
    resolved = resolve(task, parse(RestoreRequest, request, ""), plugins, Path())
    prepared = prepare(resolved, plugins)
    recorder = Recorder(prepared.problem)
    networks = make_networks(
        prepared.problem.slots,
        resolved.arch.architecture,
        plugins,
        curve.seed,
        choose_device("cpu"),
    )
    fit = Fit(
        prepared.problem,
        networks,
        resolved.fit,
        recorder,
        seed=curve.seed,
        device=torch.device("cpu"),
        checkpoint=work / f"{curve.name}.safetensors",
    )
    fit.run()
    lines = ["step,raw,average", *(f"{int(s)},{r:.4f},{a:.4f}" for s, r, a in recorder.rows)]
    (CURVES / f"{curve.name}.csv").write_text("\n".join(lines) + "\n")
    (work / f"{curve.name}.safetensors").unlink()


def main() -> None:
    """Compute what is missing, one curve after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, default=Path("nasdip-out/reference"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    CURVES.mkdir(exist_ok=True)
    options.work.mkdir(parents=True, exist_ok=True)
    for curve in wanted(options.data):
        # The claim ends with the process.
        with (options.work / f"{curve.name}.claim").open("w") as claim:
            try:
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            if not (CURVES / f"{curve.name}.csv").exists():
                started = time.monotonic()
                compute(curve, options.data, options.work)
                print(f"{curve.name}: {time.monotonic() - started:.0f} s this session", flush=True)


if __name__ == "__main__":
    main()
