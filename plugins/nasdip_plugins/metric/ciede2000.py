"""Difference of colours as people see it."""

from typing import TYPE_CHECKING, Any, ClassVar

from nasdip_core.metric import Metric

if TYPE_CHECKING:
    from torch import Tensor


class Ciede2000(Metric):
    """Mean CIEDE2000 difference of sRGB pictures, 1 about what an eye can tell.

    Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula", 2005.
    """

    higher_is_better: ClassVar[bool] = False

    def measure(self, picture: "Tensor", truth: "Tensor | None") -> float | None:
        """Return the difference of (1, C, H, W); None for neither grey nor RGB."""
        import skimage.color

        assert truth is not None
        if picture.shape[1] not in (1, 3):
            return None
        colour: Any = skimage.color  # scikit-image has no annotations
        lab = [
            colour.rgb2lab(each[0].expand(3, -1, -1).permute(1, 2, 0).cpu().double().numpy())
            for each in (picture, truth)
        ]
        return float(colour.deltaE_ciede2000(*lab).mean())
