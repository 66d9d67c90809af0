"""Options of the objectives (torch-free)."""

from pydantic import Field

from nasdip_core.architecture.specification import Use
from nasdip_core.options import Options


class TotalVariationOptions(Options):
    """How strongly edges count."""

    weight: float = Field(default=0.01, ge=0, description="of the mean slope, samples in [0, 1]")


class RedOptions(Options):
    """How strongly, and by which denoiser."""

    weight: float = Field(default=0.5, ge=0, description="of the mean squared difference")
    sigma: float | None = Field(
        default=None,
        gt=0,
        le=255,
        description="noise that the denoiser is told of, 8-bit units; none: half of the picture's, "
        "at least 5",
    )
    every: int = Field(default=25, ge=1, description="steps between two denoisings")
    denoiser: Use = Field(
        default_factory=lambda: Use(uses="collaborative"),
        description="refine plugin that denoises, and its options",
    )
