"""Options of segmentation (torch-free)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from nasdip_core.options import Options
from nasdip_core.task import TaskOptions


class SegmentCorruption(Options):
    """A blob of stripes in front of the clean picture."""

    size: float = Field(
        default=0.4, gt=0, lt=1, description="diameter of the blob by the picture's shorter side"
    )


class SegmentOptions(TaskOptions):
    """How the layers are told apart."""

    architecture: ClassVar[str] = "balanced-segment"
    takes_mask: ClassVar[bool] = True
    Corruption: ClassVar[type[Options]] = SegmentCorruption
    outputs: ClassVar[Sequence[str]] = ("restored", "segment", "foreground")
    takes_recipe: ClassVar[bool] = False
    demonstration: ClassVar[Mapping[str, Any]] = {"picture": "sample:coffee", "corrupt": {}}

    hints: float = Field(
        default=1.0,
        ge=0,
        le=100,
        description="weight of the mask picture: white is foreground, black background, grey open",
    )
