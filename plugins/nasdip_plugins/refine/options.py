"""Options of the refine plugins (torch-free)."""

from pydantic import Field

from nasdip_core.options import Options


class CollaborativeOptions(Options):
    """How often, and among how many patches."""

    passes: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="passes over the picture; none: 2 over noise, 6 over missing pixels",
    )
    partners: int | None = Field(
        default=None, ge=1, le=1000, description="similar patches in a group; none: by the pass"
    )
    reach: int | None = Field(
        default=None, ge=1, le=100, description="pixels to the farthest of them; none: by the pass"
    )
