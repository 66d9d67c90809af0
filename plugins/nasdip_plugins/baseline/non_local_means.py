"""Non-local means."""

from typing import TYPE_CHECKING, ClassVar

import torch
from skimage.restoration import denoise_nl_means

from nasdip_core.baseline import Baseline

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.restoration import RestorationProblem


class NonLocalMeans(Baseline["RestorationProblem"]):
    """Mean of pixels with similar patches: 5 x 5, at most 6 away, h = 0.6 sigma.

    Buades, Coll, Morel, "A non-local algorithm for image denoising", 2005, with the expected
    distance of two noisy patches taken off.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"denoise"})

    def restore(self, problem: "RestorationProblem") -> "Tensor":
        """Return the weighted means for (1, C, H, W)."""
        sigma = problem.noise_level()
        restored = denoise_nl_means(
            problem.measured[0].permute(1, 2, 0).numpy(),
            patch_size=5,
            patch_distance=6,
            h=0.6 * sigma,
            sigma=sigma,
            channel_axis=-1,
        )
        # A single channel comes back without its axis.
        height, width = problem.size
        return torch.from_numpy(restored).reshape(height, width, -1).permute(2, 0, 1)[None]
