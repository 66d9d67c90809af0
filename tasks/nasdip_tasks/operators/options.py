"""Options of the operators that the task `operator` looks up by name (torch-free)."""

from pydantic import Field

from nasdip_core.options import Options


class DownsamplingOptions(Options):
    """How much smaller the picture becomes."""

    factor: int = Field(ge=1, description="integer factor; both sides are multiples of it")


class CompressedSensingOptions(Options):
    """How much is measured."""

    ratio: float = Field(default=0.25, gt=0, le=1, description="measurements a pixel")
    seed: int = Field(default=0, ge=0, description="seed of the random matrix")


class FourierOptions(Options):
    """Which lines of the frequency plane are measured."""

    ratio: float = Field(default=0.3, gt=0, le=1, description="share of the rows of frequencies")
    centre: float = Field(
        default=0.08, ge=0, le=1, description="share of the rows, around zero, that is all measured"
    )
    seed: int = Field(default=0, ge=0, description="seed of the random rows")
