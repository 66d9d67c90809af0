"""Transposed convolution of stride 1 as feature transform."""

from torch import Tensor, nn

from nasdip_core.architecture.convolution import dilated
from nasdip_core.architecture.ops import Transform


class TransposedConv(Transform):
    """(B, C_in, H, W) -> (B, C_out, H, W): a transposed k x k convolution of stride 1, with bias.

    Equals a convolution by the flipped kernel plus the bias; only its initialisation differs.
    Source: the released networks of NAS-DIP (Chen et al., ECCV 2020).
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, dilation: int) -> None:
        super().__init__(in_channels, out_channels, kernel, dilation)
        self.convolution = nn.ConvTranspose2d(
            in_channels, out_channels, kernel, padding=self.same_padding, dilation=dilation
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the transformed features at the same size."""
        if 1 in (self.kernel, self.dilation):
            transformed: Tensor = self.convolution(features)
            return transformed
        flipped = self.convolution.weight.flip(-2, -1).transpose(0, 1)
        return dilated(features, flipped, self.convolution.bias, self.same_padding, self.dilation)
