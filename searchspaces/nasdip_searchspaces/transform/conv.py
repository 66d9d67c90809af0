"""Convolution as feature transform."""

from torch import Tensor

from nasdip_core.architecture.convolution import Convolution
from nasdip_core.architecture.ops import Transform


class Conv(Transform):
    """(B, C_in, H, W) -> (B, C_out, H, W): a k x k convolution, zero padding, no bias."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, dilation: int) -> None:
        super().__init__(in_channels, out_channels, kernel, dilation)
        self.convolution = Convolution(
            in_channels,
            out_channels,
            kernel,
            padding=self.same_padding,
            dilation=dilation,
            bias=False,
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the transformed features at the same size."""
        transformed: Tensor = self.convolution(features)
        return transformed
