"""Two layers from two mixtures, by the directions that their slopes have."""

import math
from typing import TYPE_CHECKING, ClassVar

from nasdip_core.baseline import Baseline
from nasdip_core.errors import OptionError

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.mixture import MixtureProblem

_BINS = 90
_STEEPEST = 0.1
"""Share of the slopes that tell a direction."""


class SparseMixtures(Baseline["MixtureProblem"]):
    """I_k = m_k S + (1 - m_k) R: slopes (D I_1, D I_2) lie along (m_1, m_2) where S alone has one.

    Bronstein, Bronstein, Zibulevsky, Zeevi, "Sparse ICA for blind separation of transmitted and
    reflected images", 2005: slopes of two pictures are seldom steep at one place, so those of the
    mixtures gather along two directions. As shares sum to one, these tell the layers' sizes, too.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"separate"})

    def restore(self, problem: "MixtureProblem") -> "Tensor":
        """Return the layer (1, C, H, W) that the first mixture has more of than the second."""
        import torch

        from nasdip_core.mixture import steepness

        if "shares" not in problem.slots or len(problem.measured) < 2:
            raise OptionError(
                "baseline 'sparse-mixtures' is for two mixtures of two pictures",
                "name the second with task.others",
            )
        one, two = problem.measured[:1], problem.measured[1:2]
        x, y = (torch.cat([slope.flatten() for slope in steepness(each)]) for each in (one, two))
        steep = torch.hypot(x, y).topk(math.ceil(_STEEPEST * x.numel())).indices
        # Shares are positive: the directions lie in the first quadrant, on each side of its middle.
        angle = torch.atan2(y[steep], x[steep]).remainder(math.pi)
        r, q = (math.tan(_peak(angle, low)) for low in (0.0, math.pi / 4))
        m = (1 - q) / (r - q)
        n = r * m
        return ((1 - n) * one - (1 - m) * two) / (m - n)


def _peak(angle: "Tensor", low: float) -> float:
    """Return the most frequent angle within an eighth of a turn from `low`, its ends left out."""
    width = math.pi / 4 / _BINS
    counts = angle.histc(_BINS, low, low + math.pi / 4)[1:-1]
    return low + (1.5 + int(counts.argmax())) * width
