"""Sinusoidal representation network: a picture as a function of its coordinates."""

import torch
from torch import Tensor, nn

from nasdip_core.architecture.network import Network


class Siren(Network):
    """x -> 1/2 + W sin(omega_k (W_k ... sin(omega_0 (W_0 x + b_0)))) / 2, x in [-1, 1] a side.

    Sitzmann, Martel, Bergman, Lindell, Wetzstein, "Implicit Neural Representations with Periodic
    Activation Functions", NeurIPS 2020, section 3 and, for the weights, 3.2. Its input (B, 2 or 3,
    H, W) holds coordinates in [0, 1].
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: int,
        layers: int,
        first_omega: float,
        omega: float,
    ) -> None:
        super().__init__()
        widths = [in_channels, *[width] * layers]
        self.omegas = [first_omega, *[omega] * (layers - 1)]
        self.hidden = nn.ModuleList(map(nn.Linear, widths[:-1], widths[1:]))
        self.last = nn.Linear(width, out_channels)
        with torch.no_grad():
            bounds = [1 / in_channels, *[(6 / width) ** 0.5 / omega] * layers]
            for layer, bound in zip([*self.hidden, self.last], bounds, strict=True):
                layer.weight.uniform_(-bound, bound)

    def forward(self, z: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """Return the picture (B, C, H, W) at the coordinates (B, 2 or 3, H, W)."""
        x = 2 * z.permute(0, 2, 3, 1) - 1  # (B, H, W, 2 or 3)
        for layer, omega in zip(self.hidden, self.omegas, strict=True):
            x = torch.sin(omega * layer(x))  # (B, H, W, width)
        picture: Tensor = (self.last(x).permute(0, 3, 1, 2) + 1) / 2
        return picture
