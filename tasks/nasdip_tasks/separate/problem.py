"""The fit of mixtures of two pictures: the pictures and their shares, three coupled networks."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from nasdip_core.mixture import MixtureProblem, exclusion
from nasdip_core.problem import Estimate, Rendered, Slot

_APART = 0.15
"""How far from one half the shares are when the fit begins."""


class Shares(nn.Module):
    """The share (N, 1, 1, 1), in (0, 1), of the first layer in each of N mixtures."""

    def __init__(self, count: int) -> None:
        super().__init__()
        # The first mixture has more of the first layer: this tells the layers apart.
        start = torch.full((count, 1, 1, 1), 0.5 - _APART)
        start[0] = 0.5 if count == 1 else 0.5 + _APART
        self.share = nn.Parameter(start.logit())

    def forward(self, _: Tensor) -> Tensor:
        """Return the shares, whatever the input."""
        return self.share.sigmoid()


class SeparateProblem(MixtureProblem):
    """I_k = m_k S + (1 - m_k) R for the mixtures k of the same layers S and R.

    Gandelsman, Shocher, Irani, "Double-DIP", CVPR 2019, section 5. `measured` is (N, C, H, W).
    """

    def __init__(
        self, mixtures: Tensor, weight: float, *, truth: Tensor | None, levels: int | None
    ) -> None:
        """`weight` is that of the exclusion of common edges."""
        count, channels, height, width = (int(n) for n in mixtures.shape)
        self.weight = weight

        def shares() -> nn.Module:
            return Shares(count)

        super().__init__(
            mixtures,
            {
                "first": Slot(channels, (height, width)),
                "second": Slot(channels, (height, width)),
                "shares": Slot(1, (1, 1), torch.zeros(1, 1, 1, 1), module=shares),
            },
            truth=truth,
            levels=levels,
        )

    def mix(self, layers: Mapping[str, Tensor]) -> Tensor:
        """Return m S + (1 - m) R, (N, C, H, W)."""
        shares = layers["shares"]
        return shares * layers["first"] + (1 - shares) * layers["second"]

    def penalty(self, layers: Mapping[str, Tensor], index: int) -> Tensor:
        """Weigh the edges that both layers have."""
        return self.weight * exclusion(layers["first"], layers["second"])

    def render(self, estimate: Estimate) -> dict[str, Rendered]:
        """Return both layers."""
        return {
            "restored": Rendered(estimate["first"].clamp(0, 1)),
            "other": Rendered(estimate["second"].clamp(0, 1)),
        }
