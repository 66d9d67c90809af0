"""The fit of pictures under one watermark: a network a picture, two for the mark."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from nasdip_core.imaging.picture import Picture
from nasdip_core.mixture import MixtureProblem
from nasdip_core.problem import Estimate, Player, Rendered, Slot
from nasdip_core.watermark import shared_mark

_GUESS = 0.01
"""Weight of the distance to the guess."""
_FAINT = 0.05
"""Opacity below which the colour of the mark is anyone's guess."""
_DOUBT = 0.01
"""How soon the network is trusted more than what shines through the mark."""


class WatermarkProblem(MixtureProblem):
    """I_k = (1 - m) J_k + m w for pictures J_k under the same mark w of opacity m.

    Gandelsman, Shocher, Irani, "Double-DIP", CVPR 2019, section 5. `measured` is (K, C, H, W).
    """

    def __init__(
        self,
        pictures: Tensor,
        forms: Sequence[tuple[str, Picture | None]],
        *,
        truth: Tensor | None,
        levels: int | None,
    ) -> None:
        """`forms` has output and form of each picture after the first."""
        self.forms = [("restored", None), *forms]
        super().__init__(pictures, {}, truth=truth, levels=levels)
        self.look()
        self.players = [Player("layers", tuple(self.slots), self._loss)]

    def look(self) -> None:
        """Guess the mark from what is not kept back."""
        opacity, mark = self.guess = shared_mark(self.visible())
        count, channels, height, width = (int(n) for n in self.measured.shape)
        colour = (mark / opacity.clamp(min=_FAINT)).clamp(0, 1)
        size = (height, width)
        self.slots = {
            **{f"picture-{k}": Slot(channels, size) for k in range(1, count + 1)},
            "watermark": Slot(channels, size, guide=colour),
            "opacity": Slot(1, size, guide=opacity),
        }

    def mix(self, layers: Mapping[str, Tensor]) -> Tensor:
        """Return (1 - m) J_k + m w, (K, C, H, W)."""
        opacity = layers["opacity"]
        return (1 - opacity) * self._pictures(layers) + opacity * layers["watermark"]

    def penalty(self, layers: Mapping[str, Tensor], index: int) -> Tensor:
        """Weigh the distance to the guess."""
        opacity, mark = self.guess
        found = layers["opacity"]
        off = (found - opacity).square().mean()
        off = off + (found * layers["watermark"] - mark).square().mean()
        return _GUESS * off

    def render(self, estimate: Estimate) -> dict[str, Rendered]:
        """Return the clean pictures, the mark where it is seen, and its opacity as grey."""
        opacity = estimate["opacity"].clamp(0, 1)
        through = 1 - opacity
        # What the networks say, corrected by what shines through: all of it where there is no mark.
        gain = through / (through.square() + _DOUBT * opacity.square())
        clean = self._pictures(estimate) + gain * (self.measured - self.mix(estimate))
        mark = estimate["watermark"] * (opacity > _FAINT)
        return {
            **{
                name: Rendered(picture[None].clamp(0, 1), form=form)
                for (name, form), picture in zip(self.forms, clean, strict=True)
            },
            "watermark": Rendered(mark.clamp(0, 1)),
            "opacity": Rendered(opacity, own=True),
        }

    def to(self, device: torch.device) -> None:
        """Move pictures and guess to a device."""
        super().to(device)
        opacity, mark = self.guess
        self.guess = opacity.to(device), mark.to(device)

    def _pictures(self, layers: Mapping[str, Tensor]) -> Tensor:
        return torch.cat([layers[f"picture-{k}"] for k in range(1, len(self.measured) + 1)])
