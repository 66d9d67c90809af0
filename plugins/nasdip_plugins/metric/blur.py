"""How blurred a picture looks, without a truth."""

from typing import TYPE_CHECKING, Any, ClassVar

from nasdip_core.metric import Metric

if TYPE_CHECKING:
    from torch import Tensor

_WINDOW = 11


class Blur(Metric):
    """Share of the variation that a further blur leaves, from 0 (sharp) to 1.

    Crete et al., "The blur effect: perception and estimation with a new no-reference perceptual
    blur metric", 2007, of the mean over channels.
    """

    higher_is_better: ClassVar[bool] = False
    needs_truth: ClassVar[bool] = False

    def measure(self, picture: "Tensor", truth: "Tensor | None") -> float | None:
        """Return the blur of (1, C, H, W); None for a side below 11 pixels."""
        from skimage.measure import blur_effect

        if min(picture.shape[-2:]) < _WINDOW:
            return None
        measure: Any = blur_effect  # scikit-image has no annotations
        grey = picture[0].cpu().double().mean(dim=0).numpy()
        return float(measure(grey, h_size=_WINDOW))
