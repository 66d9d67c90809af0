"""Options of what this package adds (torch-free)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from nasdip_core import Options
from nasdip_core.task import TaskOptions


class DyadicOptions(Options):
    """How far the connections reach."""

    reach: int = Field(default=2, ge=0, description="levels that a connection crosses at most")


class StarletCorruption(Options):
    """What a clean picture loses."""

    planes: int = Field(default=2, ge=1, le=5, description="finest wavelet planes that are dropped")
    noise: float = Field(
        default=1.0, ge=0, le=255, description="standard deviation of the noise, 8-bit units"
    )


class StarletOptions(TaskOptions):
    """What is known of the loss."""

    architecture: ClassVar[str] = "wavelet-net"
    Corruption: ClassVar[type[Options]] = StarletCorruption
    demonstration: ClassVar[Mapping[str, Any]] = {
        "picture": "sample:camera",
        "corrupt": {"planes": 2},
    }

    planes: int = Field(default=2, ge=1, le=5, description="finest wavelet planes that are missing")

    @classmethod
    def implied(cls, corruption: Options) -> Mapping[str, Any]:
        """Return the planes that were dropped."""
        assert isinstance(corruption, StarletCorruption)
        return {"planes": corruption.planes}


class OctavesOptions(Options):
    """How long an octave is."""

    trials: int = Field(default=8, ge=1, description="trials of the first octave; it doubles")
