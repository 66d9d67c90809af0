"""What a fit found."""

from dataclasses import dataclass, fields
from typing import Any

from nasdip_core.problem import Estimate

TIME_UP = "the time was up"
"""Why a fit ended that was cut off."""


@dataclass(frozen=True, slots=True)
class FitResult:
    """What a fit found. Estimates are on the fit's device."""

    id: str
    chosen: Estimate
    """The average at `best_step`: what the tool returns."""
    last: Estimate
    """The average after the last step."""
    oracle: Estimate | None
    """The measured average of the best PSNR, where there is a truth."""
    iterations: int
    best_step: int
    oracle_step: int | None
    rule: str
    reason: str
    seconds: float
    """All sessions together."""
    earlier_seconds: float
    """Those before this session."""
    deviation: Estimate | None = None
    """Standard deviation of what the average is made of, where it was drawn for that."""

    def state_dict(self) -> dict[str, Any]:
        """Return the fields, to be saved; `FitResult(**state)` takes them back."""
        return {each.name: getattr(self, each.name) for each in fields(self)}
