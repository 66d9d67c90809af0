"""Options of the built-in launchers (torch-free)."""

from pydantic import Field, field_validator

from nasdip_core.options import Options


class RayOptions(Options):
    """What each worker asks of the cluster."""

    address: str | None = Field(
        default=None,
        description="cluster to join: auto, HOST:PORT or ray://HOST:PORT; none: this machine alone",
    )
    cpus: float = Field(default=1.0, gt=0, description="processor cores of a worker")
    gpus: float = Field(
        default=0.0, ge=0, description="GPUs of a worker; 0.25: four workers share one"
    )

    @field_validator("gpus")
    @classmethod
    def _a_share_or_whole_ones(cls, gpus: float) -> float:
        if gpus > 1 and not gpus.is_integer():
            raise ValueError("above 1 it must be whole")
        return gpus
