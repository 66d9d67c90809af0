"""Collaborative filtering of similar patches."""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from nasdip_core.refine import Refine

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.restoration import RestorationProblem
    from nasdip_plugins.refine.groups import Grouping

_FEW = 0.1
"""Share of missing pixels up to which noisy patches are filtered as if complete."""


class Collaborative(Refine):
    """Gaussian models of groups of similar patches, of noisy and of missing pixels alike.

    E[x | y] under N(m, S) from the group in the estimate so far: NL-Bayes (Lebrun et al., 2013)
    for noise, piecewise linear estimators (Yu et al., 2012) for missing pixels.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"denoise", "inpaint"})

    def __init__(
        self,
        *,
        passes: int | None = None,
        partners: int | None = None,
        reach: int | None = None,
    ) -> None:
        self._passes = passes
        self._partners = partners
        self._reach = reach

    def refine(self, problem: "RestorationProblem", pilot: "Tensor | None") -> "Tensor":
        """Return (1, C, H, W); what is known without noise comes back unchanged."""
        import torch

        from nasdip_plugins.refine.completion import completed
        from nasdip_plugins.refine.groups import Grouping

        pilot = None if pilot is None else pilot.clamp(0, 1)
        if not bool(problem.fitted.any()):
            return torch.full_like(problem.measured, 0.5) if pilot is None else pilot
        if problem.noisy:
            return self._denoised(problem, pilot).clamp(0, 1)
        usual = Grouping(5, 2, 10, 120)
        schedule = [Grouping(5, 3, 10, 60), usual, usual, replace(usual, stride=1)]
        passes = self._schedule(schedule)
        return completed(problem.measured, problem.fitted, passes, pilot).clamp(0, 1)

    def _denoised(self, problem: "RestorationProblem", pilot: "Tensor | None") -> "Tensor":
        import torch

        from nasdip_plugins.refine.cosine import filled, smoothed, thresholded
        from nasdip_plugins.refine.groups import Grouping
        from nasdip_plugins.refine.patches import filtered

        known = problem.fitted.expand_as(problem.measured)
        measured = torch.where(known, problem.measured, 0)
        start = filled(measured, problem.fitted) if pilot is None else pilot
        data = torch.where(known, measured, start)
        noise = problem.clipped_noise()
        estimate = thresholded(data, noise.variance(smoothed(data))) if pilot is None else pilot
        scattered = bool((~known).float().mean() > _FEW)
        few, many = (48, 60) if scattered else (32, 40)
        schedule = [*[Grouping(4, 3, 12, many)] * 2, Grouping(6, 4, 12, few)]
        for grouping in self._schedule(schedule):
            precision = 1 / noise.variance(estimate)
            if scattered:
                precision *= known
                estimate = filtered(data, precision, estimate, grouping, each="reference")
            else:
                # A missing sample counts as measured as it is estimated: it changes little.
                data = torch.where(known, data, estimate)
                estimate = filtered(data, precision, estimate, grouping)
        return noise.signal(estimate)

    def _schedule(self, schedule: "list[Grouping]") -> "list[Grouping]":
        """Return the passes that were asked for, the last one repeated."""
        count = self._passes or len(schedule)
        asked = [*schedule, *[schedule[-1]] * (count - len(schedule))][:count]
        return [
            replace(one, partners=self._partners or one.partners, reach=self._reach or one.reach)
            for one in asked
        ]
