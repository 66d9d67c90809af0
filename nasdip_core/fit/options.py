"""Options of a fit, `fit.*` (torch-free)."""

from typing import Literal

from pydantic import Field

from nasdip_core.architecture.specification import Use
from nasdip_core.options import Options


class GuardOptions(Options):
    """When a fit counts as diverged, and what then."""

    rise: float = Field(
        default=10.0, gt=1, description="factor over the running loss that counts as divergence"
    )
    every: int = Field(default=50, ge=1, description="steps between snapshots to go back to")
    lr_factor: float = Field(
        default=0.5, gt=0, lt=1, description="factor on the learning rate at each rewind"
    )
    rewinds: int = Field(default=10, ge=0, description="rewinds after which the fit fails")


class LangevinOptions(Options):
    """Draws from the posterior of the weights, in place of the output average."""

    noise: float = Field(
        default=0.0,
        ge=0,
        description="deviation of the noise added to kernels a step, by the learning rate; 0: off",
    )
    burn_in: float = Field(
        default=0.35, ge=0, lt=1, description="share of the steps before the first draw"
    )
    every: int = Field(default=10, ge=1, description="steps between two draws")


class FitOptions(Options):
    """How the weights are fitted to one problem."""

    steps: int = Field(default=2000, ge=1, description="iterations at most")
    lr: float = Field(default=0.01, gt=0, description="learning rate of Adam")
    beta2: float = Field(default=0.999, ge=0, lt=1, description="Adam's second-moment decay")
    jitter: float = Field(
        default=0.03, ge=0, description="standard deviation of the noise added to the input a step"
    )
    averaging: float = Field(
        default=0.99, ge=0, lt=1, description="decay of the exponential average of outputs; 0: none"
    )
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32",
        description="of the network's arithmetic; bfloat16 is faster where the processor has it",
    )
    stopping: Use = Field(
        default_factory=lambda: Use(uses="held-out"),
        description="stopping plugin: a name, or `uses` and `with`",
    )
    objectives: tuple[Use, ...] = Field(
        default=(),
        description="objective plugins: further terms of the loss, each `uses` and `with`",
    )
    langevin: LangevinOptions = Field(default_factory=LangevinOptions)
    guard: GuardOptions = Field(default_factory=GuardOptions)
    report_every: int = Field(
        default=10, ge=1, description="steps between reported (and, with a truth, measured) steps"
    )
    checkpoint_seconds: float = Field(
        default=20.0, ge=0, description="seconds between checkpoints; 0: after every step"
    )
