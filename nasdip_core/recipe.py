"""Options of what is done around the fits, `recipe.*` (torch-free)."""

from typing import Literal

from pydantic import Field, model_validator

from nasdip_core.architecture.specification import Use
from nasdip_core.options import Options


class RecipeOptions(Options):
    """From independent fits and classical estimates to one result."""

    fits: int = Field(
        default=1,
        ge=0,
        le=1000,
        description="independent fits whose results are averaged; 0: no network",
    )
    guide: Use | None = Field(
        default=None, description="refine plugin whose estimate the network gets as further input"
    )
    refine: tuple[Use, ...] = Field(
        default=(), description="refine plugins that act on the fits' average, one after the other"
    )
    choice: Literal["last", "mean", "best", "blend"] = Field(
        default="last",
        description="the result: of the last step; the mean of refinement with and without fits; "
        "the estimate, or the blend of estimates, with the least held-out error",
    )

    @property
    def judges(self) -> bool:
        """Whether measurements are kept back from fits and filters to choose by."""
        return self.fits > 0 and bool(self.refine) and self.choice in ("best", "blend")

    @model_validator(mode="after")
    def _something_to_do(self) -> "RecipeOptions":
        if self.fits == 0 and not self.refine:
            raise ValueError("without fits there must be something in refine")
        if self.fits == 0 and self.guide is not None:
            raise ValueError("a guide without fits guides nothing")
        return self
