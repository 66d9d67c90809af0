"""Options of the separation of layers (torch-free)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from nasdip_core.errors import OptionError
from nasdip_core.imaging.samples import located
from nasdip_core.options import Options, refuse_idle
from nasdip_core.task import TaskOptions

Shared = Literal["both", "watermark"]
_WORDS = {"both": "both layers", "watermark": "a watermark"}


class SeparateCorruption(Options):
    """Two mixtures of the clean picture and another one, or a watermark over several pictures."""

    shared: Shared = Field(
        default="both", description="what the damaged pictures share: both layers, or a watermark"
    )
    other: str = Field(default="sample:coffee", description="the picture that is laid over it")
    share: float = Field(
        default=0.75, gt=0.5, lt=1, description="of the clean picture in the first mixture"
    )
    second: float = Field(
        default=0.4, gt=0, lt=0.5, description="of the clean picture in the second mixture"
    )
    album: list[str] = Field(
        default=["sample:coffee", "sample:chelsea", "sample:rocket"],
        min_length=1,
        description="further clean pictures that the watermark is laid over",
    )
    opacity: float = Field(default=0.5, gt=0, lt=1, description="of the watermark")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        idle = {"both": ("album", "opacity"), "watermark": ("other", "share", "second")}
        refuse_idle(self, idle[self.shared], f"shared={self.shared}")
        return self

    def located(self, base: Path) -> Self:
        """Return the options with the other pictures looked for in a folder."""
        album = [located(path, base) for path in self.album]
        return self.model_copy(update={"other": located(self.other, base), "album": album})


class SeparateOptions(TaskOptions):
    """The other pictures, what they share, and how strictly edges belong to one layer."""

    architecture: ClassVar[str] = "balanced-separate"
    Corruption: ClassVar[type[Options]] = SeparateCorruption
    outputs: ClassVar[Sequence[str]] = ("restored", "other", "watermark", "opacity")
    takes_recipe: ClassVar[bool] = False
    demonstration: ClassVar[Mapping[str, Any]] = {"picture": "sample:astronaut", "corrupt": {}}

    shared: Shared = Field(
        default="both",
        description="what the pictures share: both layers in other shares, or a watermark alone",
    )
    others: list[str] = Field(
        default_factory=list,
        description="further mixtures of the same two pictures, with less of the first one; or "
        "further pictures with the same watermark; a folder stands for its pictures",
    )
    exclusion: float = Field(
        default=0.02,
        ge=0,
        le=10,
        description="of two layers: weight of the loss on edges that both have",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.shared == "watermark":
            refuse_idle(self, ["exclusion"], "shared=watermark")
        return self

    @classmethod
    def from_folder(
        cls, folder: Path, given: Mapping[str, Any]
    ) -> tuple[Path, Mapping[str, Any]] | None:
        """Take the pictures of a folder together where they share a watermark.

        Raises OptionError where others are named beside them.
        """
        from nasdip_core.imaging.folder import pictures_in

        pictures = pictures_in(folder) if given.get("shared") == "watermark" else []
        if not pictures:
            return None
        if "others" in given:
            raise OptionError(
                "task.others together with a folder, whose pictures are the others",
                "put all of them into the folder, or give one picture and task.others=[FOLDER]",
            )
        return pictures[0], {"others": [str(path) for path in pictures[1:]]}

    @classmethod
    def implied(cls, corruption: Options) -> Mapping[str, Any]:
        """Return what the damaged pictures share."""
        assert isinstance(corruption, SeparateCorruption)
        return {"shared": corruption.shared}

    @classmethod
    def from_damage(cls, corruption: Options, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is shared. Raises OptionError where something else is asked for."""
        implied = cls.implied(corruption)
        asked, made = given.get("shared", implied["shared"]), implied["shared"]
        if asked != made:
            raise OptionError(
                f"task.shared = '{asked}' for pictures that share {_WORDS[made]}",
                f"say corrupt.shared={asked}, too",
            )
        return implied

    def located(self, base: Path) -> Self:
        """Return the options with the other pictures looked for in a folder."""
        return self.model_copy(update={"others": [located(path, base) for path in self.others]})
