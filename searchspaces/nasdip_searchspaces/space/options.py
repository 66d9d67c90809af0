"""Options of the search spaces (torch-free)."""

from pydantic import Field

from nasdip_core.architecture.specification import Cell
from nasdip_core.options import Options


class NasDipOptions(Options):
    """What the search fits in place of the released width."""

    proxy_width: int | None = Field(
        default=32,
        ge=16,
        le=128,
        multiple_of=16,
        description="channels to which the search narrows the 128; none: full width",
    )


class NasDipPatternOptions(NasDipOptions):
    """The width of the search, and the cell that it does not change."""

    cell: Cell = Field(default_factory=Cell, description="upsampling cell of every network")
