"""What a search is asked for, from the command line, YAML or Python (torch-free)."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from nasdip_core.architecture.specification import Use
from nasdip_core.options import Options, merge, refuse_idle


class Limits(Options):
    """What a network may cost; a candidate above is never trained."""

    macs: float | None = Field(
        default=None, gt=0, description="multiply-adds of a forward pass at picture size"
    )
    parameters: float | None = Field(default=None, gt=0, description="weights")
    memory: float | None = Field(
        default=None, gt=0, description="bytes that a forward pass keeps at picture size"
    )


class PrunerOptions(Options):
    """How hopeless candidates are told early."""

    uses: Literal["none", "wilcoxon", "hyperband"] = Field(
        default="none",
        description="wilcoxon: after each picture, by a signed-rank test against the best; "
        "hyperband: after each rung, by rank",
    )
    threshold: float = Field(
        default=0.1, gt=0, lt=1, description="p-value under which wilcoxon ends a candidate"
    )
    factor: int = Field(
        default=3, ge=2, le=10, description="how much dearer each rung of hyperband is"
    )
    rungs: Literal["iterations", "resolution"] = Field(
        default="iterations",
        description="what grows from rung to rung: iterations, or the side of clean pictures",
    )

    @model_validator(mode="after")
    def _no_idle_options(self) -> Self:
        used = {"wilcoxon": {"threshold"}, "hyperband": {"factor", "rungs"}}.get(self.uses, set())
        idle = sorted({"threshold", "factor", "rungs"} - used)
        refuse_idle(self, idle, f"pruner '{self.uses}'")
        return self


SPACE = "compact"
STRATEGY = "evolution"


class SearchRequest(Options):
    """Everything that `nasdip search` can say, under the same names."""

    data: str = Field(description="folder of clean pictures, or one picture")
    mask: str | None = Field(default=None, description="mask of a damaged picture, white = missing")
    truth: str | None = Field(default=None, description="clean picture, for rewards that need it")
    space: Use = Field(
        default_factory=lambda: Use(uses=SPACE), description="space plugin and its options"
    )
    strategy: Use = Field(
        default_factory=lambda: Use(uses=STRATEGY), description="strategy plugin and its options"
    )
    reward: Use | None = Field(
        default=None,
        description="reward plugin and its options; none: psnr with a truth, else held-out",
    )
    pruner: PrunerOptions = Field(default_factory=PrunerOptions)
    limits: Limits = Field(default_factory=Limits)
    pictures: int | None = Field(
        default=None, ge=1, description="pictures drawn from the folder; none: all"
    )
    crop: int | None = Field(
        default=None, ge=16, description="side of the centre cut from clean pictures; none: whole"
    )
    seed: int = Field(default=0, ge=0, lt=2**63, description="seed of every random draw")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        default="auto", description="where to compute"
    )
    task: dict[str, Any] = Field(default_factory=dict, description="options of the task")
    corrupt: dict[str, Any] | None = Field(
        default=None, description="damage: pictures are clean and are damaged first"
    )
    fit: dict[str, Any] = Field(default_factory=dict, description="options of the fits")

    @model_validator(mode="before")
    @classmethod
    def _options_of_the_default(cls, content: Any) -> Any:
        """Let `strategy.with.batch` be said without a name; that of the reward is chosen later."""
        if not isinstance(content, Mapping):
            return content
        defaults = {"space": SPACE, "strategy": STRATEGY, "reward": ""}
        return merge({kind: uses for kind, uses in defaults.items() if kind in content}, content)
