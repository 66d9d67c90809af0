"""What an op of the upsampling cell has to be: the contract of three kinds of plugins."""

from abc import ABC, abstractmethod
from typing import ClassVar, Protocol

from torch import Tensor, nn


class Upsampling(nn.Module, ABC):
    """Base of `upsampling` plugins: (B, C, H, W) -> (B, C / channel_divisor, 2H, 2W).

    Constructed as `Factory(channels, kernel=, dilation=)` with C = channels; ops that learn
    nothing ignore kernel and dilation. Raises ValueError where C or the kernel does not fit.
    """

    channel_divisor: ClassVar[int] = 1
    """How many input channels one output channel takes (4 for depth-to-space)."""
    repeats: ClassVar[bool] = False
    """Every pixel becomes a block of 2 x 2 and that is all, so that a convolution that follows
    may be computed before it."""

    def __init__(self, channels: int, kernel: int, dilation: int) -> None:
        super().__init__()
        if channels % self.channel_divisor:
            raise ValueError(
                f"{type(self).__name__} takes a multiple of {self.channel_divisor} channels, "
                f"got {channels}"
            )
        self.channels = channels
        self.kernel = kernel
        self.dilation = dilation

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor:
        """Return the features at twice the size."""


class Transform(nn.Module, ABC):
    """Base of `transform` plugins: (B, C_in, H, W) -> (B, C_out, H, W).

    Constructed as `Factory(in_channels, out_channels, kernel=, dilation=)`.
    Raises ValueError where the channels do not fit.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel = kernel
        self.dilation = dilation

    @property
    def same_padding(self) -> int:
        """Padding that keeps the size: dilation (kernel - 1) / 2."""
        return self.dilation * (self.kernel - 1) // 2

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor:
        """Return the transformed features at the same size."""


class ResidualPattern(Protocol):
    """A `residual` plugin: a function from the number of levels to a binary matrix.

    Called as `factory(levels, **options)`. Row = destination decoder level, column = source
    level, finest first; a source s > d reaches d through upsampling cells, s < d through
    stride-2 blocks. Column 0 is the encoder's input, column s the output of encoder level s.
    """

    def __call__(self, levels: int) -> list[list[bool]]: ...
