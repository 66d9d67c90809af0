"""Super-resolution with a denoiser as prior."""

from typing import TYPE_CHECKING, ClassVar

from nasdip_core.refine import Refine

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_core.restoration import RestorationProblem


class PlugAndPlay(Refine):
    """Collaborative filtering at falling noise levels and back-projection, in turn.

    Venkatakrishnan, Bouman, Wohlberg, "Plug-and-play priors for model based reconstruction",
    2013, with the data term as a constraint: x <- P(D(x, sigma_i)), from the back-projected pilot.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"super-resolution"})

    def __init__(self, *, rounds: int, strongest: float, weakest: float) -> None:
        """`strongest` and `weakest` are the first and last sigma, in 8-bit units."""
        self._rounds = rounds
        self._strongest = strongest / 255
        self._weakest = weakest / 255

    def refine(self, problem: "RestorationProblem", pilot: "Tensor | None") -> "Tensor":
        """Return (1, C, H, W), clipped to [0, 1]."""
        import torch

        from nasdip_plugins.refine.back_projection import agreeing, enlarged
        from nasdip_plugins.refine.cosine import thresholded
        from nasdip_plugins.refine.groups import Grouping
        from nasdip_plugins.refine.patches import filtered

        estimate = agreeing(problem, enlarged(problem) if pilot is None else pilot)
        ratio = (self._weakest / self._strongest) ** (1 / max(1, self._rounds - 1))
        for index in range(self._rounds):
            variance = torch.full_like(estimate, (self._strongest * ratio**index) ** 2)
            guide = thresholded(estimate, variance)
            smooth = filtered(estimate, 1 / variance, guide, Grouping(4, 3, 10, 40))
            estimate = agreeing(problem, smooth)
        return estimate.clamp(0, 1)
