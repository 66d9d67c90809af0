"""Options of what this package adds (torch-free)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from nasdip_core import Options
from nasdip_core.task import TaskOptions


class BandOptions(Options):
    """How far the connections reach."""

    width: int = Field(default=1, ge=0, description="levels that a connection may cross")


class SettledOptions(Options):
    """When a picture counts as settled."""

    tolerance: float = Field(
        default=2e-4, gt=0, description="change of the average a step, root mean square"
    )
    patience: int = Field(default=20, ge=1, description="steps in a row below the tolerance")


class DeblurCorruption(Options):
    """Blur and noise added to a clean picture."""

    blur: float = Field(default=2.0, gt=0, le=50, description="standard deviation in pixels")
    noise: float = Field(
        default=1.0, ge=0, le=255, description="standard deviation of the noise, 8-bit units"
    )


class DeblurOptions(TaskOptions):
    """What is known of the blur."""

    architecture: ClassVar[str] = "band-net"
    Corruption: ClassVar[type[Options]] = DeblurCorruption
    demonstration: ClassVar[Mapping[str, Any]] = {
        "picture": "sample:camera",
        "corrupt": {"blur": 2.0},
    }

    blur: float = Field(default=2.0, gt=0, le=50, description="standard deviation in pixels")

    @classmethod
    def implied(cls, corruption: Options) -> Mapping[str, Any]:
        """Return the blur that was added."""
        assert isinstance(corruption, DeblurCorruption)
        return {"blur": corruption.blur}
