"""Curves in TensorBoard."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasdip_core.errors import PluginError
from nasdip_core.fit.events import FitStarted, Rewound, StepDone
from nasdip_core.tracker import Tracker

if TYPE_CHECKING:
    from nasdip_core.fit.events import Event
    from nasdip_core.hooks import Run

FOLDER = "tensorboard"
"""Where the curves are, in the folder of the run: `tensorboard --logdir` takes any above it."""


class Tensorboard(Tracker):
    """Writes loss, losses of the players, quality and held-out error of every reported step."""

    def __init__(self) -> None:
        """Raises PluginError where TensorBoard is not installed."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise PluginError(
                "TensorBoard is not installed", "pip install 'nasdip[tensorboard]'"
            ) from None
        self._make = SummaryWriter
        self._folder: Path | None = None
        self._writer: Any = None

    def begin(self, run: "Run") -> None:
        """Note the folder; a run without one is not written."""
        self._folder = None if run.folder is None else run.folder / FOLDER

    def observe(self, event: "Event") -> None:
        """Write the numbers of a step, each fit into a folder of its own."""
        if isinstance(event, FitStarted):
            self._open(event.fit, event.step)
        elif isinstance(event, Rewound):
            self._open(event.fit, event.to_step)
        elif isinstance(event, StepDone) and self._writer is not None:
            numbers = {"loss": event.loss, "validation": event.validation, **event.measures}
            numbers |= {f"losses/{name}": value for name, value in event.losses.items()}
            for name, value in numbers.items():
                if value is not None and math.isfinite(value):
                    self._writer.add_scalar(name, value, event.step)

    def end(self, result: Mapping[str, Any] | None) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()

    def _open(self, fit: str, step: int) -> None:
        """Go on with a fit after a step: what was written of later ones no longer holds."""
        self.end(None)
        if self._folder is not None:
            self._writer = self._make(str(self._folder / fit), purge_step=step + 1)
