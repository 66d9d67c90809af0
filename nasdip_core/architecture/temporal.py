"""What a U-Net learns of the frames before and after: a film as more than its pictures."""

import torch
from torch import Tensor, nn


class TemporalShift(nn.Module):
    """Puts the first channels of the frame before, and as many of the one after, in their places.

    y_t = (x_{t-1}[:k], x_{t+1}[k:2k], x_t[2k:]), k a share of the channels of (T, C, H, W); the
    first and the last frame are their own neighbours. A convolution in the plane that follows
    becomes one over time as well, for nothing: Lin, Gan, Han, "TSM: Temporal Shift Module for
    Efficient Video Understanding", ICCV 2019, section 3.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, features: Tensor) -> Tensor:
        """Return the shifted features."""
        shifted = int(features.shape[1] * self.share)
        before, after = features[:, :shifted], features[:, shifted : 2 * shifted]
        return torch.cat(
            [
                torch.cat([before[:1], before[:-1]]),
                torch.cat([after[1:], after[-1:]]),
                features[:, 2 * shifted :],
            ],
            dim=1,
        )

    def extra_repr(self) -> str:
        """Return the share for a printed network."""
        return f"share={self.share}"
