"""Options of flash and no-flash pairs (torch-free)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field

from nasdip_core.imaging.samples import located
from nasdip_core.options import Options
from nasdip_core.task import TaskOptions


class FlashCorruption(Options):
    """Noise of a short exposure; the flash picture is the clean one in another light."""

    sigma: float = Field(
        default=25.0, ge=0, le=1000, description="standard deviation of the noise, 8-bit units"
    )


class FlashOptions(TaskOptions):
    """The other picture, and what is known of the noise."""

    architecture: ClassVar[str] = "balanced-flash"
    Corruption: ClassVar[type[Options]] = FlashCorruption
    demonstration: ClassVar[Mapping[str, Any]] = {
        "picture": "sample:coffee",
        "corrupt": {"sigma": 25.0},
    }

    flash: str | None = Field(
        default=None, description="the picture with flash, of the same view and size"
    )
    sigma: float | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="standard deviation of the noise in 8-bit units; none: estimated",
    )

    def located(self, base: Path) -> Self:
        """Return the options with the flash picture looked for in a folder."""
        if self.flash is None:
            return self
        return self.model_copy(update={"flash": located(self.flash, base)})
