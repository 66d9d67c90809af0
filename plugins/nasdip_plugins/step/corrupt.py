"""A damaged picture made from a clean one."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nasdip_core.errors import PluginError
from nasdip_core.files import whole_file
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.read import read_picture
from nasdip_core.imaging.samples import located
from nasdip_core.imaging.write import write_picture
from nasdip_core.options import parse
from nasdip_core.pipeline.sources import damaged_and_truth, marks
from nasdip_core.seeds import generator
from nasdip_core.step import Step, StepContext
from nasdip_core.task import Task, TaskOptions


class Corrupt(Step):
    """Writes what a task's own damage leaves of a clean picture, the truth, and the mask.

    Beside them what was measured, where that is no picture, and further pictures of the damage.
    """

    def __init__(self, *, task: str, picture: str, corrupt: Mapping[str, Any], seed: int) -> None:
        self._task = task
        self._picture = picture
        self._corrupt = corrupt
        self._seed = seed

    def run(self, context: StepContext) -> Mapping[str, str]:
        """Damage the picture, with the draws that a run of the task has for this seed."""
        registration = context.plugins.find("task", self._task)
        model = registration.options()
        if model is None or not issubclass(model, TaskOptions):
            raise PluginError(f"task '{self._task}' damages nothing")
        options = parse(model.Corruption, self._corrupt, "corrupt").located(context.base)
        task: Task[Any, Any] = registration.create(context.plugins)
        clean = read_picture(located(self._picture, context.base))
        damaged = task.corrupt(clean.tensor(), options, generator(self._seed, "corrupt"))
        mask = damaged.mask
        if mask is None:
            mask = torch.zeros_like(damaged.picture[:, :1], dtype=torch.bool)
        picture, truth = damaged_and_truth(clean, damaged)
        made = {
            "damaged": picture,
            "truth": truth,
            "mask": marks(mask, by_entry=model.takes_arrays),
        }
        outputs = {name: _written(made[name], context.folder / name) for name in made}
        if damaged.measured is not None:
            file = context.folder / "measured.npy"
            with whole_file(file) as draft, draft.open("wb") as stream:
                np.save(stream, damaged.measured.numpy())
            outputs["measured"] = str(file)
        if damaged.guide is not None:
            guides = [clean.with_samples(guide, alpha=None) for guide in damaged.guide.unsqueeze(1)]
            outputs["guide"] = _beside(guides, context.folder / "guide")
        return outputs


def _beside(pictures: Sequence[Picture], place: Path) -> str:
    """Write the pictures beside the damaged one; return the file, of several their folder."""
    if len(pictures) == 1:
        return _written(pictures[0], place)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for number, picture in enumerate(pictures, start=2):
        *lossy, kept = write_picture(picture, place / f"{number}{picture.suffix}")
        for file in lossy:
            file.unlink()
            kept.rename(file.with_suffix(kept.suffix))
    return str(place)


def _written(picture: Picture, stem: Path) -> str:
    """Write a picture; return its file, the lossless one beside a JPEG."""
    return str(write_picture(picture, stem.with_name(f"{stem.name}{picture.suffix}"))[-1])
