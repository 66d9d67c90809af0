"""Options of the stopping rules (torch-free)."""

from pydantic import Field

from nasdip_core.options import Options


class MinimumOptions(Options):
    """When the minimum of a statistic counts."""

    patience: int = Field(
        default=200, ge=1, description="steps without a new minimum after which the fit ends"
    )
    min_start: int = Field(
        default=50,
        ge=1,
        description="first step that is judged; a fit that barely moves looks done",
    )


class WindowedVarianceOptions(MinimumOptions):
    """The minimum, and the window."""

    window: int = Field(
        default=50, ge=2, le=1000, description="number of last outputs whose variance is taken"
    )


class ExponentialVarianceOptions(MinimumOptions):
    """The minimum, and the memory."""

    alpha: float = Field(
        default=0.1, gt=0, lt=1, description="weight of the newest output in the moving variance"
    )


class DiscrepancyOptions(Options):
    """When the loss counts as noise."""

    factor: float = Field(
        default=1.0, gt=0, le=10, description="loss, in what noise alone leaves, at which to end"
    )


class HeldOutOptions(MinimumOptions):
    """The minimum, and what is kept back."""

    fraction: float = Field(
        default=0.03, gt=0, le=0.5, description="share of the measurements kept back to judge by"
    )
