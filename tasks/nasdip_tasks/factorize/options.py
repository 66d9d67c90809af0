"""Options of factorization (torch-free)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from nasdip_core.options import Options
from nasdip_core.task import TaskOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nasdip_core.imaging.kinds import Samples

Side = tuple[PositiveInt, PositiveInt]


class FactorizeCorruption(Options):
    """Entries that are lost."""

    missing: float = Field(default=0.5, gt=0, lt=1, description="share of missing entries")


class FactorizeOptions(TaskOptions):
    """What is known of the factors."""

    architecture: ClassVar[str] = "balanced-factorize"
    outputs: ClassVar[Sequence[str]] = (
        "restored",
        "rows",
        "columns",
        "rows-shown",
        "columns-shown",
        "held-out",
    )
    takes_mask: ClassVar[bool] = True
    takes_arrays: ClassVar[bool] = True
    Corruption: ClassVar[type[Options]] = FactorizeCorruption
    takes_recipe: ClassVar[bool] = False
    demonstration: ClassVar[Mapping[str, Any]] = {"picture": "sample:brick", "corrupt": {}}

    rank: int | None = Field(
        default=None, ge=1, le=4096, description="components; none: 16, fewer for small matrices"
    )
    nonnegative: bool = Field(default=False, description="no entry of a factor is negative")
    latent: Literal["free", "line"] = Field(
        default="free",
        description="line: neighbouring components are alike, all positive, as in light transport",
    )
    nan_missing: bool = Field(default=False, description="entries that are no numbers are missing")
    rows: Side | None = Field(
        default=None, description="height, width of the picture that a column of a matrix holds"
    )
    columns: Side | None = Field(
        default=None, description="height, width of the picture that a row of a matrix holds"
    )
    scale: Literal["rows", "columns", "balanced"] = Field(
        default="columns",
        description="factor that carries the size of the components; the other is 1 at most",
    )

    def unknown_samples(
        self, samples: "Samples", mask: "Samples | None"
    ) -> "NDArray[np.bool_] | None":
        """Return which entries the mask calls missing."""
        return None if mask is None else mask >= 0.5
