"""Sub-pixel convolution."""

from torch import Tensor, nn
from torch.nn import functional as F

from nasdip_core.architecture.ops import Upsampling


class SubPixelConv(Upsampling):
    """(B, C, H, W) -> (B, C, 2H, 2W): a k x k convolution to 4C channels, each four woven into one.

    Zero padding, with bias. Source: Shi et al., "Real-time single image and video super-resolution
    using an efficient sub-pixel convolutional neural network", CVPR 2016, section 3.2.
    """

    def __init__(self, channels: int, kernel: int, dilation: int) -> None:
        super().__init__(channels, kernel, dilation)
        self.convolution = nn.Conv2d(
            channels,
            4 * channels,
            kernel,
            padding=dilation * (kernel - 1) // 2,
            dilation=dilation,
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the features at twice the size."""
        return F.pixel_shuffle(self.convolution(features), 2)
