"""Network on random Fourier features: a picture as a function of its coordinates."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from nasdip_core.architecture.network import Network


class FourierFeatures(Network):
    """x -> MLP(cos(2 pi B x), sin(2 pi B x)), B ~ N(0, scale^2) fixed, x in [0, 1] a side.

    Tancik et al., "Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional
    Domains", NeurIPS 2020, sections 5 and 6. Its input (B, 2 or 3, H, W) holds coordinates.
    """

    waves: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: int,
        layers: int,
        features: int,
        scale: float,
    ) -> None:
        super().__init__()
        self.register_buffer("waves", scale * torch.randn(in_channels, features))
        widths = [2 * features, *[width] * layers]
        steps: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            steps += [nn.Linear(inputs, outputs), nn.ReLU(inplace=True)]
        self.perceptron = nn.Sequential(*steps, nn.Linear(width, out_channels), nn.Sigmoid())

    def forward(self, z: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """Return the picture (B, C, H, W) at the coordinates (B, 2 or 3, H, W)."""
        phase = 2 * math.pi * (z.permute(0, 2, 3, 1) @ self.waves)  # (B, H, W, features)
        x = self.perceptron(torch.cat([phase.cos(), phase.sin()], dim=-1))
        picture: Tensor = x.permute(0, 3, 1, 2)
        return picture
