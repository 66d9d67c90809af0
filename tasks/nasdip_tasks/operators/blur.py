"""Blur by a known kernel."""

import torch
from torch import Tensor

from nasdip_core.operators import LinearOperator

_LEAST_PASSED = 0.03
"""Power of a frequency below which it is not raised further: noise would be all that is left."""


class Blur(LinearOperator):
    """y = k * x where all of k lies on x: (B, C, H, W) -> (B, C, H - kh + 1, W - kw + 1).

    A convolution: k is turned by half, k[0, 0] reaches down and right. Computed by FFT.
    """

    def __init__(self, kernel: Tensor) -> None:
        """`kernel` is (kh, kw)."""
        self.kernel = kernel

    def forward(self, picture: Tensor) -> Tensor:
        """Return k * x."""
        return blurred(picture, self.kernel)

    def adjoint(self, measured: Tensor) -> Tensor:
        """Return the correlation with k of y, zero around."""
        height, width = (
            side + reach - 1
            for side, reach in zip(measured.shape[-2:], self.kernel.shape, strict=True)
        )
        # Turned by half, the correlation is a convolution that wraps nowhere.
        spectrum = torch.fft.rfft2(self.kernel.flip(0, 1), s=(height, width))
        back: Tensor = torch.fft.irfft2(
            torch.fft.rfft2(measured, s=(height, width)) * spectrum, s=(height, width)
        )
        return back

    def balanced(self, residual: Tensor) -> Tensor:
        """Return the residual with its spectrum multiplied by w / |w|, w^2 = 1 / (|K|^2 + 0.03).

        Zukerman, Tirer, Giryes, "BP-DIP: a backprojection based deep image prior", 2020.
        """
        size = (int(residual.shape[-2]), int(residual.shape[-1]))
        # Of a residual smaller than the kernel there is no spectrum to speak of.
        if size[0] < self.kernel.shape[0] or size[1] < self.kernel.shape[1]:
            return residual
        passed = torch.fft.fft2(self.kernel, s=size).abs().square()
        gain = (passed + _LEAST_PASSED).rsqrt()
        gain = gain / gain.square().mean().sqrt()
        half = gain[:, : size[1] // 2 + 1]
        balanced: Tensor = torch.fft.irfft2(torch.fft.rfft2(residual) * half, s=size)
        return balanced

    def tile(self, size: tuple[int, int]) -> "Blur":
        """Return the same blur."""
        return self

    def to(self, device: torch.device) -> "Blur":
        """Move the kernel to a device."""
        return Blur(self.kernel.to(device))


def blurred(picture: Tensor, kernel: Tensor) -> Tensor:
    """Return the valid part of the convolution of (B, C, H, W) with (kh, kw)."""
    size = (int(picture.shape[-2]), int(picture.shape[-1]))
    spectrum = torch.fft.rfft2(kernel, s=size)
    around: Tensor = torch.fft.irfft2(torch.fft.rfft2(picture) * spectrum, s=size)
    return around[..., kernel.shape[0] - 1 :, kernel.shape[1] - 1 :]
