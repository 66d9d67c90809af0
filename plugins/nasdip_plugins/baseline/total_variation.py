"""Total-variation denoising."""

from typing import TYPE_CHECKING, Any, ClassVar

import torch
from skimage.restoration import denoise_tv_chambolle

from nasdip_core.baseline import Baseline

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.restoration import RestorationProblem


class TotalVariation(Baseline["RestorationProblem"]):
    """min_u TV(u) + |u - y|^2 / (2 w), with w the noise level, channel by channel.

    Chambolle, "An algorithm for total variation minimization and applications", 2004.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"denoise"})

    def restore(self, problem: "RestorationProblem") -> "Tensor":
        """Return the minimiser for (1, C, H, W)."""
        denoise: Any = denoise_tv_chambolle  # scikit-image has no annotations
        level = problem.noise_level()
        if not level:
            return problem.measured.clone()
        restored = denoise(problem.measured[0].numpy(), weight=level, channel_axis=0)
        return torch.from_numpy(restored)[None]
