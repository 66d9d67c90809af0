"""A watermark from what the slopes of several pictures share."""

from typing import TYPE_CHECKING, ClassVar

from nasdip_core.baseline import Baseline
from nasdip_core.errors import OptionError

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.mixture import MixtureProblem

_SEEN = 0.15
"""Share of the strongest mark at which a place counts as marked."""
_AROUND = 15
"""Side in pixels of the surroundings that tell how bright the pictures are below the mark."""


class SharedGradient(Baseline["MixtureProblem"]):
    """J = (I - W) / (1 - c a): W from the median of slopes, a = |W| / max |W|, c by its brightness.

    Dekel et al., "On the effectiveness of visible watermarks", CVPR 2017, sections 3.1 and 3.2:
    their first estimate. In place of their matting, which a mark of one colour does not need, its
    strength is the matte; what they refine by turns afterwards is left out.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"separate"})

    def restore(self, problem: "MixtureProblem") -> "Tensor":
        """Return the first clean picture (1, C, H, W)."""
        import torch.nn.functional as F

        from nasdip_core.watermark import median_mark, unmarked

        if "watermark" not in problem.slots:
            raise OptionError(
                "baseline 'shared-gradient' is for pictures under one watermark",
                "say task.shared=watermark, or corrupt.shared=watermark",
            )
        pictures = problem.measured
        mark = median_mark(pictures)
        strength = mark.abs().mean(dim=1, keepdim=True)
        matte = strength / strength.max().clamp(min=1e-6)
        unseen = (matte < _SEEN).to(pictures)
        near, count = (
            F.avg_pool2d(each, _AROUND, 1, _AROUND // 2) for each in (pictures * unseen, unseen)
        )
        around = near / count.clamp(min=1e-6)
        told = (1 - unseen) * (count > 0)
        # The mean of I = W + (1 - c a) J over the marked places, J as around them.
        off, slope = around + mark - pictures, matte * around
        share = (told * off * slope).sum() / (told * slope.square()).sum().clamp(min=1e-6)
        return unmarked(pictures, share.clamp(0, 1) * matte, mark)[:1]
