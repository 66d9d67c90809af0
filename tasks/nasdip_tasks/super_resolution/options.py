"""Options of super-resolution (torch-free)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from nasdip_core.options import Options
from nasdip_core.task import TaskOptions


class SuperResolutionCorruption(Options):
    """Downsampling of a large picture, cropped to a multiple of the factor."""

    factor: int = Field(default=4, ge=2, le=64, description="integer factor")
    operator: str = Field(default="lanczos", description="operator plugin: lanczos, bicubic, area")


class SuperResolutionOptions(TaskOptions):
    """How the small picture came from the large one."""

    architecture: ClassVar[str] = "balanced-super-resolution"
    Corruption: ClassVar[type[Options]] = SuperResolutionCorruption
    demonstration: ClassVar[Mapping[str, Any]] = {
        "picture": "sample:coffee",
        "corrupt": {"factor": 4},
    }

    factor: int = Field(default=4, ge=2, le=64, description="integer factor")
    operator: str = Field(default="lanczos", description="operator plugin: lanczos, bicubic, area")

    @classmethod
    def implied(cls, corruption: Options) -> Mapping[str, Any]:
        """Return the factor and operator with which the picture was made small."""
        assert isinstance(corruption, SuperResolutionCorruption)
        return {"factor": corruption.factor, "operator": corruption.operator}
