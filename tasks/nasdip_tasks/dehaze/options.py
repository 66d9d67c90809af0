"""Options of dehazing (torch-free)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from nasdip_core.options import Options
from nasdip_core.task import TaskOptions


class DehazeCorruption(Options):
    """Haze in front of a clean picture, of a smooth random depth."""

    near: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="largest transmission; none: drawn from 0.6 to 0.95, not below far",
    )
    far: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="least transmission; none: drawn from 0.15 to 0.5, not above near",
    )
    air_light: float | None = Field(
        default=None, gt=0, le=1, description="brightness of the haze; none: drawn from 0.7 to 1"
    )

    @model_validator(mode="after")
    def _less_comes_from_afar(self) -> Self:
        if self.near is not None and self.far is not None and self.far > self.near:
            raise ValueError("far, the least transmission, must not be above near, the largest")
        return self


class DehazeOptions(TaskOptions):
    """What is known of the haze."""

    architecture: ClassVar[str] = "balanced-dehaze"
    Corruption: ClassVar[type[Options]] = DehazeCorruption
    outputs: ClassVar[Sequence[str]] = ("restored", "transmission", "air-light")
    takes_recipe: ClassVar[bool] = False
    demonstration: ClassVar[Mapping[str, Any]] = {"picture": "sample:chelsea", "corrupt": {}}

    air_light: tuple[Annotated[float, Field(ge=0, le=1)], ...] | None = Field(
        default=None,
        description="colour of the haze, samples in [0, 1], one a channel; none: it is fitted",
    )
    density: float = Field(
        default=0.85, gt=0, le=1, description="share of the dark channel that the guess calls haze"
    )
    window: float = Field(
        default=0.06, gt=0, le=1, description="side of the dark channel's window by the picture's"
    )
