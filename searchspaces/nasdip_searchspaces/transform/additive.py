"""Additive transform: sum of channel blocks, then a convolution."""

from torch import Tensor

from nasdip_core.architecture.convolution import Convolution
from nasdip_core.architecture.ops import Transform

BLOCKS = 4
"""How many blocks of channels are added."""


class Additive(Transform):
    """(B, C_in, H, W) -> (B, C_out, H, W): out = conv(sum_n x[j + n C_in/4]), n = 0..3.

    Splits the channels into 4 contiguous blocks, adds these, and convolves the C_in/4 sums k x k,
    zero padding, no bias. ValueError where 4 does not divide C_in. Source: the released networks of
    NAS-DIP (Chen et al., ECCV 2020), after Wojna et al., "The devil is in the decoder", BMVC 2017,
    who add consecutive channels: the same up to a permutation of the input's channels.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, dilation: int) -> None:
        super().__init__(in_channels, out_channels, kernel, dilation)
        if in_channels % BLOCKS:
            raise ValueError(f"Additive takes a multiple of {BLOCKS} channels, got {in_channels}")
        self.convolution = Convolution(
            in_channels // BLOCKS,
            out_channels,
            kernel,
            padding=self.same_padding,
            dilation=dilation,
            bias=False,
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the transformed features at the same size."""
        batch, channels, height, width = features.shape
        blocks = features.reshape(batch, BLOCKS, channels // BLOCKS, height, width)
        transformed: Tensor = self.convolution(blocks.sum(dim=1))  # (B, C_in/4, H, W) -> C_out
        return transformed
