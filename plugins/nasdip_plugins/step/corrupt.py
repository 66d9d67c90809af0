"""A damaged picture made from a clean one."""

from collections.abc import Mapping
from typing import Any

import torch

from nasdip_core.errors import PluginError
from nasdip_core.imaging.read import read_picture
from nasdip_core.imaging.write import write_picture
from nasdip_core.options import parse
from nasdip_core.seeds import generator
from nasdip_core.step import Step, StepContext
from nasdip_core.task import Task, TaskOptions


class Corrupt(Step):
    """Writes what a task's own damage leaves of a clean picture, the truth, and the mask."""

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
        options = parse(model.Corruption, self._corrupt, "corrupt")
        task: Task[Any, Any] = registration.resolve()(context.plugins)
        sample = self._picture.startswith("sample:")
        clean = read_picture(self._picture if sample else str(context.path(self._picture)))
        damaged = task.corrupt(clean.tensor(), options, generator(self._seed, "corrupt"))
        mask = damaged.mask
        if mask is None:
            mask = torch.zeros_like(damaged.picture[:, :1])
        white = mask.to(damaged.picture.dtype).expand(-1, clean.channels, -1, -1)
        made = {
            "damaged": clean.with_samples(damaged.picture),
            "truth": clean.with_samples(damaged.truth),
            "mask": clean.with_samples(white, alpha=None),
        }
        # The last file is the lossless one, beside a JPEG.
        return {
            name: str(write_picture(picture, context.folder / f"{name}{picture.suffix}")[-1])
            for name, picture in made.items()
        }
