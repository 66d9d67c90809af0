"""The fit of a picture as foreground and background: three coupled networks."""

from collections.abc import Mapping

import torch
from torch import Tensor

from nasdip_core.imaging.guided_filter import guided_filter
from nasdip_core.mixture import MixtureProblem, exclusion, steepness
from nasdip_core.problem import Estimate, Rendered, Slot

_GUESS, _SMOOTH, _BINARY, _EXCLUSION = 0.05, 0.01, 0.02, 0.005
"""Weights of the penalties."""
_WARM = 100
"""Steps in which the guess loses most of its weight: a start, not a truth."""
_EDGE = 0.05
"""Difference of the picture at which the mask may change, too."""


class SegmentProblem(MixtureProblem):
    """I = m F + (1 - m) B by three networks (Double-DIP, CVPR 2019, section 4).

    `measured` is (1, C, H, W). The result is B, the picture where the mask is 0.
    """

    def __init__(
        self,
        picture: Tensor,
        hints: Tensor | None,
        weight: float,
        *,
        truth: Tensor | None,
        levels: int | None,
    ) -> None:
        """`hints` (1, 1, H, W): 1 is foreground, 0 background, what lies between is open."""
        channels, height, width = (int(n) for n in picture.shape[1:])
        self.hints = torch.full_like(picture[:, :1], 0.5) if hints is None else hints
        self.weight = weight
        super().__init__(
            picture,
            {
                "background": Slot(channels, (height, width)),
                "foreground": Slot(channels, (height, width)),
                "segment": Slot(1, (height, width)),
            },
            truth=truth,
            levels=levels,
        )
        self.look()

    def look(self) -> None:
        """Guess the mask: what is unlike the border of the picture, or as the hints say."""
        seen = self.visible()
        self.told = (2 * self.hints - 1).abs()
        self.guess = torch.where(self.told > 0.5, self.hints, salience(seen))
        slopes = [slope.abs().mean(dim=1, keepdim=True) for slope in steepness(seen)]
        self.flat = [torch.exp(-slope / _EDGE) for slope in slopes]

    def mix(self, layers: Mapping[str, Tensor]) -> Tensor:
        """Return m F + (1 - m) B."""
        mask = layers["segment"]
        return mask * layers["foreground"] + (1 - mask) * layers["background"]

    def penalty(self, layers: Mapping[str, Tensor], index: int) -> Tensor:
        """Weigh distance to guess and hints, slopes of m without an edge, doubt, common edges."""
        mask = layers["segment"]
        off = (mask - self.guess).square()
        slopes = zip(steepness(mask), self.flat, strict=True)
        rough = torch.stack([(slope.abs() * flat).mean() for slope, flat in slopes]).sum()
        guess = _GUESS * (0.1 + 0.9 * max(0.0, 1 - index / _WARM))
        return (
            guess * off.mean()
            + self.weight * (self.told * (mask - self.hints).square()).mean()
            + _SMOOTH * rough
            + _BINARY * (mask * (1 - mask)).mean()
            + _EXCLUSION * exclusion(layers["background"], layers["foreground"])
        )

    def render(self, estimate: Estimate) -> dict[str, Rendered]:
        """Return the background, the mask as grey, and the foreground."""
        mask = estimate["segment"].clamp(0, 1)
        behind = (1 - mask) * self.measured + mask * estimate["background"]
        return {
            "restored": Rendered(behind.clamp(0, 1)),
            "segment": Rendered(mask, own=True),
            "foreground": Rendered((mask * self.measured).clamp(0, 1)),
        }

    def to(self, device: torch.device) -> None:
        """Move measurements, hints and guesses to a device."""
        super().to(device)
        self.hints, self.told = self.hints.to(device), self.told.to(device)
        self.guess = self.guess.to(device)
        self.flat = [each.to(device) for each in self.flat]


def salience(picture: Tensor) -> Tensor:
    """Return (1, 1, H, W) in [0, 1]: the distance in colour to the border, by its mean and spread.

    The border is likely background (Wei et al., "Geodesic saliency using background priors", 2012).
    """
    height, width = picture.shape[-2:]
    rim = torch.ones(height, width, dtype=torch.bool, device=picture.device)
    deep, wide = max(1, height // 20), max(1, width // 20)
    rim[deep : height - deep, wide : width - wide] = False
    border = picture[0][:, rim]
    mean = border.mean(dim=1)
    centred = border - mean[:, None]
    spread = centred @ centred.T / border.shape[1] + 1e-3 * torch.eye(len(mean)).to(picture)
    away = picture[0].flatten(1) - mean[:, None]
    distance = (away * torch.linalg.solve(spread, away)).sum(dim=0).view(1, 1, height, width)
    likely = 1 - torch.exp(-distance / (4 * len(mean)))
    grey = picture.mean(dim=1, keepdim=True)
    return guided_filter(grey, likely, max(1, min(height, width) // 30), 1e-3).clamp(0, 1)
