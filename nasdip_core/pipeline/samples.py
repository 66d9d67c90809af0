"""What a fit has learnt so far, at a glance, in a picture that changes while it learns."""

import time
from pathlib import Path

from nasdip_core.fit.events import Event, FitEnded, StepDone
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.write import write_picture
from nasdip_core.problem import Problem

_EVERY_SECONDS = 10.0


class SampleWriter:
    """Observer that writes a problem's samples every few seconds and at the end."""

    def __init__(self, path: Path, problem: Problem) -> None:
        self._path = path
        self._problem = problem
        self._last = float("-inf")

    def __call__(self, event: Event) -> None:
        """Write the samples where it is time for it."""
        now = time.monotonic()
        due = isinstance(event, StepDone) and now - self._last >= _EVERY_SECONDS
        if not due and not isinstance(event, FitEnded):
            return
        samples = self._problem.samples()
        if samples is not None:
            self._last = now
            bytes_ = (samples[0].clamp(0, 1) * 255).round().byte()
            write_picture(picture_of(bytes_.permute(1, 2, 0).cpu().numpy()), self._path)
