"""Options of translation (torch-free)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from nasdip_core.errors import OptionError
from nasdip_core.imaging.samples import located
from nasdip_core.options import Options, refuse_idle
from nasdip_core.task import TaskOptions

if TYPE_CHECKING:
    from nasdip_core.architecture.named import NamedArchitecture

_BESIDE = ("left-right", "right-left")
_MADE = ("grey", "edges")


class TranslateCorruption(Options):
    """A clean picture in another look, so that the way back can be measured."""

    look: Literal["grey", "edges"] = Field(
        default="grey", description="what is left of it: its grey, or its edges"
    )


class TranslateOptions(TaskOptions):
    """What is translated to what, and how it is learnt."""

    architecture: ClassVar[str] = "balanced-translate"
    Corruption: ClassVar[type[Options]] = TranslateCorruption
    outputs: ClassVar[Sequence[str]] = ("translated", "weights")
    in_colour: ClassVar[bool] = True
    takes_recipe: ClassVar[bool] = False
    demonstration: ClassVar[Mapping[str, Any]] = {
        "picture": "sample:chelsea",
        "corrupt": {"look": "grey"},
    }

    source: str | None = Field(
        default=None, description="folder of pictures that are like PICTURE; none: PICTURE alone"
    )
    target: str | None = Field(
        default=None, description="folder of pictures of the look that is wanted, or one picture"
    )
    pairs: Literal["none", "names", "left-right", "right-left", "grey", "edges"] = Field(
        default="none",
        description="how pictures belong together: not at all; by the same name in both folders; "
        "side by side in each picture of `source`, from the left to the right or back; "
        "each picture of `target` with its own grey or edges",
    )
    weights: str | None = Field(
        default=None, description="weights of an earlier run: nothing is learnt, only translated"
    )
    side: int | None = Field(
        default=None, ge=16, le=4096, description="shorter side to bring pictures to; none: theirs"
    )
    crop: int = Field(default=128, ge=32, le=2048, description="side of the squares learnt from")
    batch: int = Field(default=1, ge=1, le=256, description="squares a step")
    cycle: float = Field(
        default=10.0, ge=0, description="weight of coming back, for pictures without partners"
    )
    identity: float = Field(
        default=5.0, ge=0, description="weight of leaving alone what has the look already"
    )
    distance: float = Field(
        default=100.0, ge=0, description="weight of the mean distance to the partner"
    )
    critic_width: int = Field(
        default=32, ge=4, le=512, description="channels of the critic's first layer"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        beside = self.pairs in _BESIDE
        if self.weights is not None and (self.target is not None or self.source is not None):
            raise ValueError("weights are applied as they are: leave source and target out")
        if self.weights is not None:
            others = [name for name in type(self).model_fields if name != "weights"]
            refuse_idle(self, others, "weights")
        idle = ["distance"] if self.pairs == "none" else ["cycle", "identity"]
        refuse_idle(self, idle, f"pairs={self.pairs}")
        if self.pairs in _MADE and self.source is not None:
            raise ValueError(f"pairs={self.pairs} makes its sources of the pictures of target")
        if beside and (self.source is None or self.target is not None):
            raise ValueError(f"pairs={self.pairs} is for the pictures of source, without a target")
        return self

    @classmethod
    def from_folder(
        cls, folder: Path, given: Mapping[str, Any]
    ) -> tuple[Path, Mapping[str, Any]] | None:
        """Learn from a folder as a whole; with weights, translate each of its pictures.

        Raises OptionError for a folder of pairs, of which none is to be translated as it is, and
        for a folder beside another source.
        """
        from nasdip_core.imaging.folder import pictures_in

        if given.get("pairs") in _BESIDE:
            raise OptionError(
                "a folder of pairs as PICTURE",
                "name it as task.source, and as PICTURE what is to be translated",
            )
        pictures = pictures_in(folder)
        if given.get("weights") is not None or not pictures:
            return None
        if given.get("source") is not None:
            raise OptionError(
                "task.source together with a folder as PICTURE, which is the source",
                "leave it out, or give one picture as PICTURE",
            )
        made = given.get("pairs") in _MADE
        return pictures[0], {} if made else {"source": str(folder)}

    @classmethod
    def implied(cls, corruption: Options) -> Mapping[str, Any]:
        """Return a picture whose look is taken where none is named."""
        return {"target": "sample:coffee"}

    @classmethod
    def from_damage(cls, corruption: Options, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return no picture for what is learnt already, or of pairs that lie side by side."""
        if given.get("weights") is not None or given.get("pairs") in _BESIDE:
            return {}
        return cls.implied(corruption)

    def network(self) -> "NamedArchitecture | None":
        """Return the network that the weights were trained in."""
        from nasdip_core.weights import network_of

        return None if self.weights is None else network_of(Path(self.weights), "translate")

    def located(self, base: Path) -> Self:
        """Return the options with folders and files looked for in a folder."""
        names = {
            name: located(value, base)
            for name in ("source", "target", "weights")
            if (value := getattr(self, name)) is not None
        }
        return self.model_copy(update=names)
