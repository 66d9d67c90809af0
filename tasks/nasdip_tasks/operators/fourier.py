"""Undersampled Fourier measurements, as of magnetic resonance."""

import torch
from torch import Tensor

from nasdip_core.operators import LinearOperator
from nasdip_core.seeds import generator


class Fourier(LinearOperator):
    """y = S F x: (B, C, H, W) -> (B, C, rows, 2 W), real parts beside imaginary ones.

    F is the unitary 2-D Fourier transform, S takes rows of frequencies: all around zero and random
    ones (Lustig, Donoho, Pauly, "Sparse MRI", 2007). The rows around zero are never kept back
    (Yaman et al., ICLR 2022), nor are those whose mirror is measured, which would give them away.
    """

    def __init__(self, size: tuple[int, int], *, ratio: float, centre: float, seed: int) -> None:
        """`size` is (H, W)."""
        height, width = size
        order = torch.randperm(height, generator=generator(seed, "fourier"))
        near = (torch.fft.fftfreq(height).abs() * height).round() <= max(1, centre * height / 2)
        # What is near comes first; the random ones fill up.
        order = torch.cat([order[near[order]], order[~near[order]]])
        count = max(int(near.sum()), round(ratio * height))
        self._lines = order[:count].sort().values
        self._size = size
        measured = torch.zeros(height, dtype=torch.float32)
        measured[self._lines] = 1
        # A real picture has at -f the conjugate of what it has at f.
        mirrored = measured[-torch.arange(height) % height]
        told = near | (mirrored > 0)
        # Where each row has its mirror, what is kept back still differs from it by noise.
        kept = (near if told[self._lines].all() else told)[self._lines]
        self.indispensable = kept[None, None, :, None].expand(1, 1, -1, 2 * width)
        self._weights = (1 / (measured + mirrored).clamp(min=1))[:, None]

    def forward(self, picture: Tensor) -> Tensor:
        """Return A x."""
        lines = torch.fft.fft2(picture, norm="ortho")[..., self._lines, :]
        return torch.cat([lines.real, lines.imag], dim=-1)

    def adjoint(self, measured: Tensor) -> Tensor:
        """Return A^T y: the real part of the inverse transform, zeros where nothing is measured."""
        back: Tensor = torch.fft.ifft2(self._plane(measured), norm="ortho").real
        return back

    def project(self, picture: Tensor, measured: Tensor) -> Tensor:
        """Return x + A^+ (y - A x); a frequency measured at both signs counts with their mean."""
        plane = self._plane(measured - self.forward(picture))
        mirrored = plane.flip(-2, -1).roll((1, 1), (-2, -1)).conj()
        added: Tensor = torch.fft.ifft2((plane + mirrored) * self._weights, norm="ortho").real
        return picture + added

    def to(self, device: torch.device) -> "Fourier":
        """Move places and weights to a device."""
        self._lines, self._weights = self._lines.to(device), self._weights.to(device)
        assert self.indispensable is not None
        self.indispensable = self.indispensable.to(device)
        return self

    def _plane(self, measured: Tensor) -> Tensor:
        """Return (B, C, H, W) complex frequencies, zero where nothing is measured."""
        real, imaginary = measured.chunk(2, dim=-1)
        plane = real.new_zeros(*measured.shape[:2], *self._size, dtype=torch.complex64)
        plane[..., self._lines, :] = torch.complex(real, imaginary)
        return plane
