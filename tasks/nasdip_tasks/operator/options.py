"""Options of restoring from any measurement (torch-free)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field

from nasdip_core.options import Options
from nasdip_core.task import TaskOptions

_OPERATOR = "operator plugin, or a Python file that defines `forward` or `operator`"


class Measurement(Options):
    """What measures."""

    operator: str = Field(default="compressed-sensing", description=_OPERATOR)
    with_: dict[str, Any] = Field(
        default_factory=dict, alias="with", description="options of the operator"
    )
    sigma: float = Field(
        default=0.0,
        ge=0,
        description="standard deviation of the noise, in the unit of the measurements",
    )

    def located(self, base: Path) -> Self:
        """Return the options with the operator's file looked for in a folder."""
        if not self.operator.endswith(".py"):
            return self
        return self.model_copy(update={"operator": str((base / self.operator).absolute())})


class OperatorCorruption(Measurement):
    """Measuring a clean picture."""


class OperatorOptions(Measurement, TaskOptions):
    """How the measurements came about, and where they are."""

    architecture: ClassVar[str] = "balanced-operator"
    Corruption: ClassVar[type[Options]] = OperatorCorruption
    demonstration: ClassVar[Mapping[str, Any]] = {
        "picture": "sample:camera",
        "corrupt": {"operator": "fourier", "with": {"ratio": 0.3}},
    }

    measurements: str | None = Field(
        default=None,
        description=".npy file of the measurements, laid out as the operator returns them; none: "
        "the picture is what was measured",
    )

    @classmethod
    def implied(cls, corruption: Options) -> Mapping[str, Any]:
        """Return the operator and the noise."""
        assert isinstance(corruption, OperatorCorruption)
        return corruption.model_dump(by_alias=True)

    def located(self, base: Path) -> Self:
        """Return the options with their files looked for in a folder."""
        located = super().located(base)
        if self.measurements is None:
            return located
        return located.model_copy(
            update={"measurements": str((base / self.measurements).absolute())}
        )
