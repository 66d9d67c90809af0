"""Guided filtering."""

from typing import TYPE_CHECKING, ClassVar

from kornia.filters import guided_blur

from nasdip_core.baseline import Baseline
from nasdip_core.errors import PluginError

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.restoration import RestorationProblem

_SIDE = 9


class GuidedFilter(Baseline["RestorationProblem"]):
    """In each 9 x 9 window the picture is a ridge regression on the one with flash.

    He, Sun, Tang, "Guided image filtering", 2010, section 3.6; the ridge is a tenth of the noise's
    variance.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"flash"})

    def restore(self, problem: "RestorationProblem") -> "Tensor":
        """Return the filtered (1, C, H, W)."""
        guide = next(iter(problem.slots.values())).guide
        if guide is None:
            raise PluginError("baseline 'guided-filter' needs a second picture")
        ridge = max(0.1 * problem.noise_level() ** 2, 1e-6)
        # Only what is wider than half a window can be reflected at its border.
        border = "reflect" if min(problem.size) > _SIDE // 2 else "replicate"
        filtered: Tensor = guided_blur(guide, problem.measured, _SIDE, ridge, border)
        return filtered
