"""A filter that keeps the edges of another picture."""

import torch
import torch.nn.functional as F
from torch import Tensor


def guided_filter(guide: Tensor, picture: Tensor, radius: int, eps: float) -> Tensor:
    """Return the linear fit a G + b of a picture in every window, averaged.

    `guide` is (1, 1, H, W), `picture` (1, C, H, W). He, Sun, Tang, "Guided image filtering",
    TPAMI 2013, eq. 5 to 8.
    """

    def mean(x: Tensor) -> Tensor:
        return _box(x, radius)

    g, p = mean(guide), mean(picture)
    slope = (mean(guide * picture) - g * p) / (mean(guide * guide) - g * g + eps)
    offset = p - slope * g
    return mean(slope) * guide + mean(offset)


def _box(x: Tensor, radius: int) -> Tensor:
    """Return the mean over the part of a square window that lies within the picture."""
    for dim in (2, 3):
        side = x.shape[dim]
        total = F.pad(x.double().cumsum(dim), (0, 0, 1, 0) if dim == 2 else (1, 0))
        place = torch.arange(side, device=x.device)
        upper, lower = (place + radius + 1).clamp(max=side), (place - radius).clamp(min=0)
        shape = [-1 if d == dim else 1 for d in range(4)]
        count = (upper - lower).view(shape)
        x = (total.index_select(dim, upper) - total.index_select(dim, lower)) / count
    return x.float()
