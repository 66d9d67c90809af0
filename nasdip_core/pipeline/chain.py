"""Estimates on the way to a result, and the refine plugins that make them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nasdip_core.architecture.specification import Use
from nasdip_core.errors import PluginError
from nasdip_core.fit.events import Observer, RefineDone, RefineStarted
from nasdip_core.fit.threads import threads_that_pay
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Estimate
from nasdip_core.refine import Refine
from nasdip_core.restoration import RestorationProblem

_TILE = 1024
"""Pixels of the side of the parts on which large pictures are refined."""


@dataclass(frozen=True, slots=True)
class Part:
    """An estimate on the way to the result."""

    name: str
    """Where it came from: `fit`, a chain of refine plugins, or both."""
    estimate: Estimate
    held_out: float | None
    """Error on what was kept back when it was made, 1 at the noise level."""
    weight: float
    """Its share in the result."""
    seconds: float

    def judged_as(self, earlier: "Part") -> "Part":
        """Return this with the verdict on an earlier form, and the time of both."""
        return replace(self, held_out=earlier.held_out, seconds=earlier.seconds + self.seconds)


class Chain:
    """Refine plugins, one after the other."""

    def __init__(
        self,
        uses: Sequence[Use],
        plugins: Plugins,
        observers: Sequence[Observer] = (),
        *,
        tiled: bool = False,
    ) -> None:
        """`tiled` works on overlapping parts, one after the other, to save memory."""
        self._tiled = tiled
        self.name = " + ".join(use.uses for use in uses)
        self._steps: list[tuple[str, Refine]] = [
            (use.uses, plugins.find("refine", use.uses).made(use.with_, f"{use.uses}.with"))
            for use in uses
        ]
        self._observers = observers

    def refine(self, problem: RestorationProblem, pilot: Estimate | None) -> Part:
        """Return the estimate from a pilot, or from the measurements alone.

        Raises PluginError where a plugin returns something else than a picture.
        """
        name = self.name if pilot is None else f"fit + {self.name}"
        for observe in self._observers:
            observe(RefineStarted(name))
        started = time.monotonic()
        picture = None if pilot is None else pilot[problem.output]
        with threads_that_pay():
            estimate = {problem.output: self._picture(problem, picture)}
        seconds = time.monotonic() - started
        held_out, measures = problem.validation(estimate), problem.measures(estimate)
        for observe in self._observers:
            observe(RefineDone(name, seconds, measures, held_out))
        return Part(name, estimate, held_out, 1.0, seconds)

    def _picture(self, problem: RestorationProblem, pilot: Tensor | None) -> Tensor:
        """Return the estimate (1, C, H, W), put together from parts where it is tiled."""
        if not self._tiled:
            return self._part(problem, pilot)
        tiling = problem.tiling(_TILE)
        blend = tiling.blend()
        for tile in tiling.tiles:
            cut = None if pilot is None else tile.cut(pilot)
            blend.add(tile, {problem.output: self._part(problem.tile(tile), cut)})
        return blend.result()[problem.output].to(problem.measured)

    def _part(self, problem: RestorationProblem, pilot: Tensor | None) -> Tensor:
        """Return the estimate of a part, each frame of a stack for itself.

        Without a pilot, a frame of which nothing is known becomes the nearest of the others.
        """
        if len(problem.measured) == 1:
            return self._frame(problem, pilot)
        frames = problem.frames()
        if pilot is not None:
            pilots = pilot[:, None].unbind()
            return torch.cat([self._frame(*both) for both in zip(frames, pilots, strict=True)])
        told = [i for i, frame in enumerate(frames) if bool(frame.fitted.any())]
        made = {i: self._frame(frames[i], None) for i in told or range(len(frames))}
        return torch.cat([made[min(made, key=lambda i: abs(i - at))] for at in range(len(frames))])

    def _frame(self, problem: RestorationProblem, pilot: Tensor | None) -> Tensor:
        picture = None if pilot is None else pilot.clamp(0, 1)
        wanted = (1, problem.channels, *problem.size)
        for step, refine in self._steps:
            picture = refine.refine(problem, picture)
            if tuple(picture.shape) != wanted:
                raise PluginError(f"refine '{step}' returned {tuple(picture.shape)}, not {wanted}")
            if not bool(picture.isfinite().all()):
                raise PluginError(f"refine '{step}' returned samples that are no numbers")
        assert picture is not None
        return picture
