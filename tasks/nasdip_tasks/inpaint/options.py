"""Options of inpainting (torch-free)."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator

from nasdip_core.errors import OptionError
from nasdip_core.options import Options
from nasdip_core.task import StackOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nasdip_core.imaging.kinds import Samples

_NUMBER = r"-?\d+(\.\d+)?([eE][-+]?\d+)?"
"""A sample as it is written."""
NEAR = 1e-6
"""How much floats may differ that are the same colour: what single precision leaves."""


class InpaintCorruption(Options):
    """Generated damage of a clean picture."""

    kind: Literal["text", "scratches", "bernoulli", "box"] | None = Field(
        default=None, description="what is missing; by default text, or bernoulli with `missing`"
    )
    missing: float | None = Field(
        default=None, gt=0, lt=1, description="share of missing pixels (bernoulli)"
    )


class InpaintOptions(StackOptions):
    """What counts as missing."""

    architecture: ClassVar[str] = "balanced-inpaint"
    takes_mask: ClassVar[bool] = True
    Corruption: ClassVar[type[Options]] = InpaintCorruption
    demonstration: ClassVar[Mapping[str, Any]] = {
        "picture": "sample:chelsea",
        "corrupt": {},
    }

    invert_mask: bool = Field(default=False, description="black is missing instead of white")
    grow_mask: int = Field(
        default=0, ge=0, le=1000, description="grow what is missing by this many pixels"
    )
    missing_colour: str | None = Field(
        default=None,
        description="colour that marks what is missing: '#ff00ff', or the picture's own samples "
        "'255,0,255'",
    )

    @classmethod
    def from_damage(cls, corruption: Options, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return nothing. Raises OptionError for a mask to be inverted, which the damage makes."""
        if given.get("invert_mask"):
            raise OptionError(
                "task.invert_mask with corrupt.*, which makes the mask", "leave it out"
            )
        return {}

    @field_validator("missing_colour", mode="before")
    @classmethod
    def _colour(cls, value: Any) -> Any:
        if isinstance(value, (int, float)):
            value = [value]
        if isinstance(value, (list, tuple)):
            value = ",".join(str(part) for part in value)
        if isinstance(value, str) and not re.fullmatch(
            rf"#[0-9a-fA-F]{{6}}|{_NUMBER}(\s*,\s*{_NUMBER})*", value
        ):
            raise ValueError("write a colour as '#ff00ff' or as samples '255,0,255'")
        return value

    def unknown_samples(
        self, samples: "Samples", mask: "Samples | None"
    ) -> "NDArray[np.bool_] | None":
        """Return which samples the mask or the marking colour calls missing."""
        import numpy as np

        found = None if mask is None else (mask >= 0.5) != self.invert_mask
        colour = self.missing_colour
        if colour is None or colour.startswith("#"):  # of a share of the range
            return found
        values = [float(part) for part in colour.split(",")]
        if len(values) not in (1, samples.shape[2]):
            return found
        near = np.isclose(samples, values, rtol=NEAR, atol=0)
        marked: NDArray[np.bool_] = np.all(near, axis=2, keepdims=True)
        return marked if found is None else found | marked

    def missing_samples(self, low: float, peak: float) -> tuple[float, ...] | None:
        """Return the samples of the marking colour, one a channel.

        `low` and `peak` are the samples that stand for 0 and 1. '#rrggbb' means the same colour at
        every depth.
        """
        if self.missing_colour is None:
            return None
        if self.missing_colour.startswith("#"):
            parts = bytes.fromhex(self.missing_colour[1:])
            return tuple(low + (peak - low) * part / 255 for part in parts)
        return tuple(float(part) for part in self.missing_colour.split(","))
