"""Lanczos upsampling."""

from typing import TYPE_CHECKING, ClassVar

from nasdip_core.baseline import Baseline
from nasdip_plugins.baseline.upsampling import resized

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.restoration import RestorationProblem


class Lanczos(Baseline["RestorationProblem"]):
    """Lanczos-3 upsampling (Duchon, "Lanczos filtering in one and two dimensions", 1979)."""

    tasks: ClassVar[frozenset[str]] = frozenset({"super-resolution"})

    def restore(self, problem: "RestorationProblem") -> "Tensor":
        """Return (1, C, H, W) of (1, C, h, w)."""
        from PIL.Image import Resampling

        return resized(problem, Resampling.LANCZOS)
