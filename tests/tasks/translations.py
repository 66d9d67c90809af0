"""A tiny network that learns a translation in a moment."""

from pathlib import Path
from typing import Any

from nasdip_core.imaging.picture import Picture
from nasdip_core.pipeline.api import restore

TINY = {
    "architecture": {
        "levels": 2,
        "encoder": {"widths": 8, "convolutions": 1, "stem": 1},
        "decoder": {"widths": 8, "norm_merged": False},
        "skip": {"widths": 8},
        "norm": "instance",
    },
    "fit": {"steps": 6, "lr": 0.002, "jitter": 0, "averaging": 0, "stopping": "fixed"},
}
FAST = {"task.crop": 32, "task.critic_width": 4, "fit.report_every": 1}


def run(picture: str | Path | Picture, output: Path | None = None, **options: Any) -> Any:
    """Translate with the tiny network."""
    words = {key.replace("__", "."): value for key, value in options.items()}
    learns = "task.weights" not in words
    given = {**FAST, **words} if learns else words
    return restore(
        picture, "translate", arch=TINY if learns else None, options=given, output=output
    )
