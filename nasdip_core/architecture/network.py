"""What makes a picture of an input: the contract of `network` plugins; the U-Net is one, too."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Network(nn.Module, ABC):
    """Base of networks: (B, C_in, h, w) -> (B, C_out, H, W).

    Each picture of a batch is for itself, batch normalisation aside. A plugin is constructed as
    `Factory(in_channels, out_channels, **options)`, in a seeded scope.
    """

    def input_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the input's (h, w) for a picture of `size`: the same unless said otherwise."""
        return size

    @abstractmethod
    def forward(self, z: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """Return the picture (B, C_out, H, W) of `size`; None: of what size the input gives."""
