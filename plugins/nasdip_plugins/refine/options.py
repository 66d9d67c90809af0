"""Options of the refine plugins (torch-free)."""

from pydantic import Field

from nasdip_core.options import Options


class CollaborativeOptions(Options):
    """How often, and among how many patches."""

    passes: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="passes over the picture; none: 3 over noise, 4 over missing pixels",
    )
    partners: int | None = Field(
        default=None, ge=1, le=1000, description="similar patches in a group; none: by the pass"
    )
    reach: int | None = Field(
        default=None, ge=1, le=100, description="pixels to the farthest of them; none: by the pass"
    )


class PlugAndPlayOptions(Options):
    """How often, and how strongly the picture is filtered in between."""

    rounds: int = Field(default=6, ge=1, le=100, description="filterings and back-projections")
    strongest: float = Field(
        default=8.0, gt=0, le=255, description="sigma of the first filtering, 8-bit units"
    )
    weakest: float = Field(
        default=2.0, gt=0, le=255, description="sigma of the last filtering, 8-bit units"
    )
