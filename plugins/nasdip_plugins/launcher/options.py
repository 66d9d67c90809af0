"""Options of the built-in launchers (torch-free)."""

from pydantic import Field

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
