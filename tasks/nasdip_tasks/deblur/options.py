"""Options of deblurring (torch-free)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from nasdip_core.options import Options, refuse_idle
from nasdip_core.task import TaskOptions

_KERNEL = (
    "gaussian, motion, or a file: a picture, .npy, or FILE.npz#NAME; a file is scaled to sum 1"
)
_SHAPES = {"gaussian": ("width",), "motion": ("length", "angle"), "unknown": ("side",)}
"""What tells more of a kernel; nothing of a file."""


class Kernel(Options):
    """What blurs."""

    kernel: str = Field(default="gaussian", description=_KERNEL)
    width: float = Field(
        default=2.0, gt=0, le=50, description="standard deviation in pixels (gaussian)"
    )
    length: float = Field(default=15.0, ge=1, le=200, description="way in pixels (motion)")
    angle: float = Field(
        default=0.0, ge=-360, le=360, description="direction in degrees, anticlockwise (motion)"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for kernel, names in _SHAPES.items():
            if kernel != self.kernel:
                own = [name for name in names if name in type(self).model_fields]
                refuse_idle(self, own, f"kernel={self.kernel}")
        return self

    def located(self, base: Path) -> Self:
        """Return the options with the kernel's file looked for in a folder."""
        if self.kernel in ("unknown", "gaussian", "motion"):
            return self
        return self.model_copy(update={"kernel": str((base / self.kernel).absolute())})


class DeblurCorruption(Kernel):
    """A blur, of which the part without border is kept, and Gaussian noise."""

    sigma: float = Field(
        default=2.55,
        ge=0,
        le=1000,
        description="standard deviation of the noise, 8-bit units",
    )


class DeblurOptions(Kernel, TaskOptions):
    """What is known of the blur; without a kernel it is found together with the picture."""

    architecture: ClassVar[str] = "balanced-deblur"
    Corruption: ClassVar[type[Options]] = DeblurCorruption
    outputs: ClassVar[Sequence[str]] = ("restored", "kernel")
    # Of a kernel with its default shape nothing is left where the user names another one.
    demonstration: ClassVar[Mapping[str, Any]] = {
        "picture": "sample:camera",
        "corrupt": {"kernel": "motion"},
    }

    kernel: str = Field(default="unknown", description=f"unknown, {_KERNEL}")
    side: int = Field(
        default=21, ge=3, le=127, description="side of an unknown kernel in pixels, odd"
    )
    sigma: float | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="standard deviation of the noise in 8-bit units; none: estimated",
    )

    @field_validator("side")
    @classmethod
    def _has_a_middle(cls, side: int) -> int:
        if side % 2 == 0:
            raise ValueError("it must be odd")
        return side

    @property
    def writes(self) -> Sequence[str]:
        """A kernel that is known is not written."""
        return self.outputs if self.kernel == "unknown" else ("restored",)

    @classmethod
    def implied(cls, corruption: Options) -> Mapping[str, Any]:
        """Return the kernel; the noise stays to be estimated."""
        assert isinstance(corruption, DeblurCorruption)
        return corruption.model_dump(include={"kernel", *_SHAPES.get(corruption.kernel, ())})

    @classmethod
    def from_damage(cls, corruption: Options, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the kernel, unless another one is asked for."""
        implied = cls.implied(corruption)
        return {} if given.get("kernel", implied["kernel"]) != implied["kernel"] else implied
