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
        le=100,
        description="independent fits whose results are averaged; 0: no network",
    )
    guide: Use | None = Field(
        default=None, description="refine plugin whose estimate the network gets as further input"
    )
    refine: tuple[Use, ...] = Field(
        default=(), description="refine plugins that act on the fits' average, one after the other"
    )
    choice: Literal["last", "best", "blend"] = Field(
        default="last",
        description="the result: of the last step, of the estimate with the least held-out error, "
        "or the blend of estimates whose held-out error is least",
    )

    @model_validator(mode="after")
    def _something_to_do(self) -> "RecipeOptions":
        if self.fits == 0 and not self.refine:
            raise ValueError("without fits there must be something in refine")
        if self.fits == 0 and self.guide is not None:
            raise ValueError("a guide without fits guides nothing")
        return self
