"""Coding again at shifted places."""

from typing import TYPE_CHECKING, ClassVar

from nasdip_core.baseline import Baseline

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.restoration import RestorationProblem

_BLOCK = 8


class ShiftedJpeg(Baseline["RestorationProblem"]):
    """Mean of the picture coded again with its block grid at all 64 places.

    Nosratinia, "Denoising of JPEG images by re-application of JPEG", 2001.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"jpeg"})

    def restore(self, problem: "RestorationProblem") -> "Tensor":
        """Return the mean for (1, C, H, W)."""
        import torch
        import torch.nn.functional as F

        height, width = problem.measured.shape[-2:]
        total = torch.zeros_like(problem.measured)
        for top in range(_BLOCK):
            for left in range(_BLOCK):
                moved = F.pad(problem.measured, (left, 0, top, 0), mode="replicate")
                coded = problem.operator.forward(moved)
                total += coded[..., top : top + height, left : left + width]
        return total / _BLOCK**2
