"""Reconstruction with total variation."""

from typing import TYPE_CHECKING, Any, ClassVar

import torch
from skimage.restoration import denoise_tv_chambolle

from nasdip_core.baseline import Baseline
from nasdip_core.errors import PluginError

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.restoration import RestorationProblem

_ROUNDS = 100
_WEIGHT = 0.002
"""Least weight of the variation; what noise-free measurements get."""


class TotalVariationInverse(Baseline["RestorationProblem"]):
    """min_x |A x - y|^2 / 2 + w TV(x) by accelerated proximal gradients, w = max(0.002, s / 4).

    Beck, Teboulle, "Fast gradient-based algorithms for constrained total variation image denoising
    and deblurring problems", 2009. s is the noise level; 100 rounds.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"deblur", "operator"})

    def restore(self, problem: "RestorationProblem") -> "Tensor":
        """Return (1, C, H, W). Raises PluginError for an operator without an adjoint."""
        from nasdip_core.operators import Identity, LinearOperator

        operator, measured = problem.operator, problem.measured
        if isinstance(operator, Identity) or not isinstance(operator, LinearOperator):
            raise PluginError(
                "baseline 'total-variation-inverse' needs an operator and its adjoint"
            )
        denoise: Any = denoise_tv_chambolle  # scikit-image has no annotations
        weight = max(_WEIGHT, problem.noise_level() / 4)
        channels = next(iter(problem.slots.values())).channels
        picture = ahead = measured.new_full((1, channels, *problem.size), 0.5)
        step = 1 / _norm(operator, picture)
        for i in range(_ROUNDS):
            before = picture
            moved = ahead - step * operator.adjoint(operator.forward(ahead) - measured)
            smooth = denoise(
                moved[0].numpy(), weight=step * weight, max_num_iter=10, channel_axis=0
            )
            picture = torch.from_numpy(smooth)[None].clamp(0, 1)
            ahead = picture + i / (i + 3) * (picture - before)
        return problem.framed(picture)


def _norm(operator: Any, like: "Tensor") -> float:
    """Return the largest eigenvalue of A^T A by the power method."""

    x = torch.rand(like.shape, generator=torch.Generator().manual_seed(0))
    for _ in range(20):
        x = operator.adjoint(operator.forward(x / x.norm()))
    return float(x.norm())
