"""Total variation as a further term."""

from typing import TYPE_CHECKING

from nasdip_core.objective import Objective

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.plugins import Plugins
    from nasdip_core.problem import Problem

_SMOOTH = 1e-6
"""Keeps the slope's length differentiable where the picture is flat."""


class TotalVariation(Objective):
    """w / s^2 mean |grad x|, s the noise level (1 without noise).

    Liu, Sun, Xu, Kamilov, "Image restoration using total variation regularized deep image prior",
    ICASSP 2019; isotropic.
    """

    def __init__(self, plugins: "Plugins", *, weight: float) -> None:
        self._weight = weight
        self._factor = weight

    def begin(self, problem: "Problem") -> None:
        """Take over the scale of the loss."""
        self._factor = self._weight / loss_unit(problem)

    def term(self, picture: "Tensor", step: int) -> "Tensor":
        """Return the weighted mean slope of (1, C, H, W)."""
        import torch.nn.functional as F

        padded = F.pad(picture, (0, 1, 0, 1), mode="replicate")
        across, down = padded[..., :-1, 1:] - picture, padded[..., 1:, :-1] - picture
        slope: Tensor = (across.square() + down.square() + _SMOOTH).sqrt()
        return self._factor * slope.mean()


def loss_unit(problem: "Problem") -> float:
    """Return by what a problem divides squared residuals: the variance of the noise, or 1."""
    return problem.noise_level() ** 2 or 1.0
