"""Translation by weights that were learnt before."""

from collections.abc import Mapping

from torch import Tensor

from nasdip_core.problem import Slot
from nasdip_tasks.translate.problem import TRANSLATOR, TranslationProblem


class ApplyProblem(TranslationProblem):
    """One look at the picture by a trained translator: nobody learns."""

    def __init__(
        self, picture: Tensor, weights: Mapping[str, Tensor], *, truth: Tensor | None
    ) -> None:
        """`picture` is (1, C, H, W) in [0, 1]."""
        height, width = (int(n) for n in picture.shape[-2:])
        slot = Slot(3, (height, width), in_channels=3, weights=weights)
        super().__init__(picture, {TRANSLATOR: slot}, [], truth=truth)
