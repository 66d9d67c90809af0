"""What a step and a refinement take, made up: plans and timed runs follow from it."""

from typing import Any

import pytest

from nasdip_core.pipeline import budget
from nasdip_core.pipeline.estimate import Estimate
from nasdip_core.pipeline.resolved import Resolved


def expecting(monkeypatch: pytest.MonkeyPatch, step: float, refine: float = 0.0) -> None:
    """Let a step and a refinement take so many seconds."""

    def estimate(resolved: Resolved, *_: Any, anew: bool = False) -> Estimate:
        fits, steps = resolved.recipe.fits, resolved.fit.steps
        seconds = fits * steps * step + sum(budget.refinements(resolved.recipe)) * refine
        return Estimate(None, 0, step, refine, seconds, None, 1)  # type: ignore[arg-type]

    monkeypatch.setattr(budget, "estimate", estimate)
