"""Options of the separation of layers (torch-free)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field

from nasdip_core.options import Options
from nasdip_core.task import TaskOptions


class SeparateCorruption(Options):
    """Two mixtures of the clean picture and another one."""

    other: str = Field(default="sample:coffee", description="the picture that is laid over it")
    share: float = Field(
        default=0.75, gt=0.5, lt=1, description="of the clean picture in the first mixture"
    )
    second: float = Field(
        default=0.4, gt=0, lt=0.5, description="of the clean picture in the second mixture"
    )

    def located(self, base: Path) -> Self:
        """Return the options with the other picture looked for in a folder."""
        return self.model_copy(update={"other": _located(self.other, base)})


class SeparateOptions(TaskOptions):
    """The other mixtures, and how strictly edges belong to one layer."""

    architecture: ClassVar[str] = "balanced-separate"
    Corruption: ClassVar[type[Options]] = SeparateCorruption
    outputs: ClassVar[Sequence[str]] = ("restored", "other")
    demonstration: ClassVar[Mapping[str, Any]] = {"picture": "sample:astronaut", "corrupt": {}}

    others: list[str] = Field(
        default_factory=list,
        description="further mixtures of the same two pictures, with less of the first one",
    )
    exclusion: float = Field(
        default=0.02, ge=0, le=10, description="weight of the loss on edges that both layers have"
    )

    def located(self, base: Path) -> Self:
        """Return the options with the other mixtures looked for in a folder."""
        return self.model_copy(update={"others": [_located(path, base) for path in self.others]})


def _located(path: str, base: Path) -> str:
    return path if path.startswith("sample:") else str((base / path).absolute())
