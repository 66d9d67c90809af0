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
_TOLERANCES = (1e-3, 1e-4, 3e-5, 1e-5)
"""Variances that noise-free samples count with, pass by pass."""
_STEP = 1.5
"""Passes over missing pixels creep in one direction: this much farther saves a third of them."""


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

        from nasdip_plugins.refine.cosine import filled

        known = problem.fitted.expand_as(problem.measured)
        pilot = None if pilot is None else pilot.clamp(0, 1)
        if not bool(known.any()):
            return torch.full_like(problem.measured, 0.5) if pilot is None else pilot
        measured = torch.where(known, problem.measured, 0)
        if pilot is None:
            completed = filled(measured, problem.fitted)
        else:
            completed = torch.where(known, measured, pilot)
        if problem.noisy:
            return self._denoised(problem, completed, pilot).clamp(0, 1)
        return self._completed(measured, known, completed).clamp(0, 1)

    def _denoised(
        self, problem: "RestorationProblem", data: "Tensor", pilot: "Tensor | None"
    ) -> "Tensor":
        import torch

        from nasdip_plugins.refine.cosine import smoothed, thresholded
        from nasdip_plugins.refine.groups import Grouping
        from nasdip_plugins.refine.patches import filtered

        known = problem.fitted.expand_as(data)
        noise = problem.clipped_noise()
        estimate = thresholded(data, noise.variance(smoothed(data))) if pilot is None else pilot
        schedule = [Grouping(4, 3, 12, 40), Grouping(4, 3, 12, 40), Grouping(6, 4, 12, 32)]
        scattered = bool((~known).float().mean() > _FEW)
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

    def _completed(self, measured: "Tensor", known: "Tensor", estimate: "Tensor") -> "Tensor":
        import torch

        from nasdip_plugins.refine.groups import Grouping
        from nasdip_plugins.refine.patches import filtered

        if bool(known.all()):
            return measured
        schedule = [Grouping(5, 3, 10, 60), *[Grouping(5, 2, 10, 80)] * 3]
        for index, grouping in enumerate(self._schedule(schedule)):
            precision = known / _TOLERANCES[min(index, len(_TOLERANCES) - 1)]
            found = filtered(measured, precision, estimate, grouping, each="incomplete")
            estimate = torch.where(known, measured, estimate + _STEP * (found - estimate))
        return estimate

    def _schedule(self, schedule: "list[Grouping]") -> "list[Grouping]":
        """Return the passes that were asked for, the last one repeated."""
        count = self._passes or len(schedule)
        asked = [*schedule, *[schedule[-1]] * (count - len(schedule))][:count]
        return [
            replace(one, partners=self._partners or one.partners, reach=self._reach or one.reach)
            for one in asked
        ]
