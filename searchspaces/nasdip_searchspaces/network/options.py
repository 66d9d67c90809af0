"""Options of the networks (torch-free)."""

from pydantic import Field

from nasdip_core.options import Options


class SirenOptions(Options):
    """Size and frequencies of a network of sines."""

    width: int = Field(default=128, ge=1, le=4096, description="channels of a layer")
    layers: int = Field(default=4, ge=1, le=16, description="layers of sines")
    first_omega: float = Field(
        default=30.0, gt=0, description="frequency of the first layer: how fine the detail"
    )
    omega: float = Field(default=30.0, gt=0, description="frequency of the layers that follow")


class FourierFeaturesOptions(Options):
    """Size and frequencies of a network on random Fourier features."""

    width: int = Field(default=128, ge=1, le=4096, description="channels of a layer")
    layers: int = Field(default=4, ge=1, le=16, description="layers of rectified units")
    features: int = Field(default=128, ge=1, le=4096, description="random waves")
    scale: float = Field(
        default=10.0,
        gt=0,
        description="deviation of their frequencies in periods a side: how fine the detail",
    )
