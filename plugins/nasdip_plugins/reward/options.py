"""Options of the rewards (torch-free)."""

from typing import Literal

from pydantic import Field

from nasdip_core.architecture.specification import Use
from nasdip_core.options import Options


class PsnrOptions(Options):
    """Which of a fit's estimates is measured."""

    of: Literal["self-stopped", "oracle", "last"] = Field(
        default="self-stopped",
        description="estimate that is measured: the one returned, the peak, or that of the last "
        "step",
    )


class HeldOutOptions(Options):
    """What is kept back."""

    fraction: float = Field(
        default=0.1, gt=0, le=0.5, description="share of the measurements kept back to judge by"
    )


class SureOptions(Options):
    """How much noise is added."""

    alpha: float = Field(
        default=0.5,
        gt=0,
        le=2,
        description="deviation of the noise that is added, in that of the noise that is there",
    )


class CostAwareOptions(Options):
    """Which quality, and what it may cost."""

    reward: Use = Field(
        default_factory=lambda: Use(uses="psnr"),
        description="reward that measures the quality: a name, or `uses` and `with`",
    )
    cost: Literal["macs", "memory", "seconds"] = Field(
        default="macs",
        description="multiply-adds of a forward pass, bytes that it keeps for the backward pass, "
        "or seconds of the fit",
    )
    target: float = Field(gt=0, description="cost at which the quality counts as it is")
    weight: float = Field(
        default=-0.07, ge=-1, le=0, description="exponent of cost / target; 0: costs do not count"
    )
