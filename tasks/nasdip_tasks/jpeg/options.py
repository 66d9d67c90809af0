"""Options of removing JPEG artefacts (torch-free)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from nasdip_core.options import Options
from nasdip_core.task import TaskOptions


class JpegCorruption(Options):
    """Coding as a JPEG file with halved chroma, and decoding."""

    quality: int = Field(default=20, ge=1, le=95, description="quality of libjpeg")


class JpegOptions(TaskOptions):
    """How the picture was coded."""

    architecture: ClassVar[str] = "balanced-jpeg"
    Corruption: ClassVar[type[Options]] = JpegCorruption
    demonstration: ClassVar[Mapping[str, Any]] = {
        "picture": "sample:astronaut",
        "corrupt": {"quality": 10},
    }

    quality: int | None = Field(
        default=None,
        ge=1,
        le=95,
        description="quality of libjpeg at which it was coded, for a picture that was saved as "
        "something else since; none: the tables of the JPEG file",
    )

    @classmethod
    def implied(cls, corruption: Options) -> Mapping[str, Any]:
        """Return the quality of the coding."""
        assert isinstance(corruption, JpegCorruption)
        return {"quality": corruption.quality}
