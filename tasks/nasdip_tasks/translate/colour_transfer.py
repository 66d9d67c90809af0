"""The classical translation: the colours of the pictures whose look is wanted."""

from typing import TYPE_CHECKING, ClassVar

from nasdip_core.baseline import Baseline

if TYPE_CHECKING:
    from torch import Tensor

    from nasdip_tasks.translate.problem import TranslationProblem

_FLAT = 0.05
"""Deviation in Lab below which a channel is one value: single floats make 0.001 of the a and b of
a grey picture, rounding to 8 bits 0.08 and more of one that has colour."""


class ColourTransfer(Baseline["TranslationProblem"]):
    """x -> (x - m) s' / s + m', by channel of CIELAB: means and deviations of the wanted look.

    Reinhard, Ashikhmin, Gooch, Shirley, "Color transfer between images", 2001, in CIELAB in place
    of their l-alpha-beta. Of several pictures the pixels are pooled.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"translate"})

    def restore(self, problem: "TranslationProblem") -> "Tensor":
        """Return the picture (1, 3, H, W) in the colours of the wanted ones."""
        import torch
        from kornia.color import lab_to_rgb, rgb_to_lab

        own = rgb_to_lab(problem.picture)
        mean = own.mean((2, 3), keepdim=True)
        deviation = own.std((2, 3), keepdim=True, unbiased=False)
        moments, pixels = torch.zeros(2, 3, dtype=torch.float64), 0
        for picture in problem.wanted():
            lab = rgb_to_lab(picture).double()
            moments += torch.stack([lab.sum((0, 2, 3)), lab.square().sum((0, 2, 3))])
            pixels += lab[0, 0].numel()
        first, second = (moments / pixels).view(2, 1, 3, 1, 1)
        wanted = (second - first.square()).clamp(min=0).sqrt()
        scale = torch.where(deviation < _FLAT, 0, wanted.float() / deviation)
        return lab_to_rgb((own - mean) * scale + first.float()).clamp(0, 1)
