"""Options of denoising (torch-free)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from nasdip_core.options import Options, refuse_idle
from nasdip_core.task import StackOptions

Noise = Literal["gaussian", "poisson-gaussian", "salt-and-pepper", "outliers"]
_IDLE: Mapping[Noise, Sequence[str]] = {
    "gaussian": ("gain", "amount"),
    "poisson-gaussian": ("amount",),
    "salt-and-pepper": ("sigma", "gain"),
    "outliers": ("sigma", "gain"),
}
"""What says nothing of a kind of noise."""


class DenoiseCorruption(Options):
    """Noise added to a clean picture, then clipped to the picture's range."""

    noise: Noise = Field(default="gaussian", description="kind of noise")
    sigma: float = Field(
        default=25.0,
        ge=0,
        le=1000,
        description="standard deviation of the Gaussian part, 8-bit units",
    )
    gain: float = Field(
        default=4.0, gt=0, le=255, description="8-bit units a photo-electron (poisson-gaussian)"
    )
    amount: float = Field(default=0.1, gt=0, lt=1, description="share of impulses or outliers")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_idle(self, _IDLE[self.noise], f"noise={self.noise}")
        return self


class DenoiseOptions(StackOptions):
    """What is known of the noise; what is not given is estimated."""

    architecture: ClassVar[str] = "balanced-denoise"
    Corruption: ClassVar[type[Options]] = DenoiseCorruption
    demonstration: ClassVar[Mapping[str, Any]] = {
        "picture": "sample:astronaut",
        "corrupt": {"sigma": 25.0},
    }

    noise: Noise = Field(default="gaussian", description="kind of noise")
    sigma: float | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="standard deviation of the Gaussian part in 8-bit units; none: estimated",
    )
    gain: float | None = Field(
        default=None,
        gt=0,
        le=255,
        description="8-bit units a photo-electron (poisson-gaussian); none: estimated",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        idle = [name for name in _IDLE[self.noise] if name != "amount"]
        refuse_idle(self, idle, f"noise={self.noise}")
        return self

    @classmethod
    def implied(cls, corruption: Options) -> Mapping[str, Any]:
        """Return the kind of the noise that was added; its strength stays to be estimated."""
        assert isinstance(corruption, DenoiseCorruption)
        return {"noise": corruption.noise}
