"""Features of colour and texture that need no trained network."""

from typing import TYPE_CHECKING

from nasdip_core.features import Features

if TYPE_CHECKING:
    from torch import Tensor

_SCALES = 4
_GAIN = 4.0
"""Brings slopes, which are small, near the size of colours."""


class Multiscale(Features):
    """Mean and deviation of colours and of slopes in four directions, at scales 1, 2, 4 and 8.

    After the statistics of Portilla, Simoncelli, "A parametric texture model", IJCV 2000, in their
    simplest form. They see colour, contrast and texture; what is in a picture they do not see, so
    distances by them say whether a look was met and not whether a picture makes sense.
    """

    def describe(self, pictures: "Tensor") -> "Tensor":
        """Return (B, 56) of (B, 3, H, W) in [0, 1]."""
        import torch
        import torch.nn.functional as F

        red, green, blue = pictures.detach().float().unbind(dim=1)
        grey = (red + green + blue) / 3
        # (B, 3, H, W): brightness, red against green, yellow against blue.
        planes = torch.stack([grey, (red - green) / 2, (red + green) / 4 - blue / 2], dim=1)
        found = []
        for scale in range(_SCALES):
            if scale:
                planes = F.avg_pool2d(planes, 2, ceil_mode=True)
            padded = F.pad(planes[:, :1], (1, 1, 1, 1), mode="replicate")
            middle = planes[:, :1]
            height, width = middle.shape[-2:]
            slopes = [
                _GAIN * (padded[..., 1 + y : 1 + y + height, 1 + x : 1 + x + width] - middle).abs()
                for y, x in ((0, 1), (1, 0), (1, 1), (1, -1))
            ]
            seen = torch.cat([planes, *slopes], dim=1)
            found += [seen.mean(dim=(2, 3)), seen.std(dim=(2, 3), unbiased=False)]
        return torch.cat(found, dim=1)
