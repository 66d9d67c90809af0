"""Peak signal-to-noise ratio of the luma, as super-resolution papers give it."""

import math
from typing import TYPE_CHECKING

from pydantic import Field

from nasdip_core.imaging.metrics import psnr
from nasdip_core.metric import Metric
from nasdip_core.options import Options

if TYPE_CHECKING:
    from torch import Tensor


class PsnrYOptions(Options):
    """The border that is left out."""

    factor: int = Field(
        default=4, ge=0, description="pixels left out at every border: the factor enlarged by"
    )


class PsnrY(Metric):
    """PSNR in dB of Y = (65.481 R + 128.553 G + 24.966 B + 16) / 255, the border left out.

    ITU-R BT.601, Y in [16, 235] / 255, not rounded; a grey picture is its own luma, as in Dong et
    al., "Learning a deep convolutional network for image super-resolution", 2014.
    """

    def __init__(self, factor: int = 4) -> None:
        """`factor` is the border in pixels."""
        self.border = factor

    def measure(self, picture: "Tensor", truth: "Tensor | None") -> float | None:
        """Return the PSNR of (1, C, H, W); None for identical, tiny, or neither grey nor RGB."""
        assert truth is not None
        if picture.shape[1] not in (1, 3) or min(picture.shape[-2:]) <= 2 * self.border:
            return None
        decibels = psnr(self._luma(picture), self._luma(truth))
        return decibels if math.isfinite(decibels) else None

    def _luma(self, picture: "Tensor") -> "Tensor":
        height, width = picture.shape[-2:]
        inner = picture[..., self.border : height - self.border, self.border : width - self.border]
        if picture.shape[1] == 1:
            return inner.cpu()
        rgb = inner.cpu().double()
        luma = 65.481 * rgb[:, :1] + 128.553 * rgb[:, 1:2] + 24.966 * rgb[:, 2:] + 16
        return luma / 255
