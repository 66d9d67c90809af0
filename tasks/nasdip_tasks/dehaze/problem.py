"""The fit of a hazy picture: scene, transmission and air-light, three coupled networks."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from nasdip_core.imaging import dark_channel as dark
from nasdip_core.mixture import MixtureProblem, steepness
from nasdip_core.problem import Estimate, Rendered, Slot
from nasdip_tasks.dehaze.options import DehazeOptions

_SWATCH = 64
"""Side of the picture that shows the colour of the air-light."""
_GUESS, _SMOOTH, _DARK, _AIR = 0.1, 0.01, 0.02, 1.0
"""Weights of the penalties, found on training pictures with haze."""
_EDGE = 0.05
"""Difference of the hazy picture at which the transmission may change, too."""
_SHARE = 0.01
"""Share of the pixels among which the air-light is looked for."""
_NEUTRAL = 0.3
"""Share of the guessed air-light's colour that is kept: haze scatters all colours about alike."""


class AirLight(nn.Module):
    """The colour (1, C, 1, 1) of the haze, in (0, 1), started at a guess."""

    def __init__(self, guess: Tensor) -> None:
        super().__init__()
        self.colour = nn.Parameter(guess.clamp(0.01, 0.99).logit())

    def forward(self, _: Tensor) -> Tensor:
        """Return the colour, whatever the input."""
        return self.colour.sigmoid()


class DehazeProblem(MixtureProblem):
    """I = J t + A (1 - t) (He et al. 2011, eq. 1) by three networks (Double-DIP, section 6).

    `measured` is the hazy picture (1, C, H, W). The result is J = (I - A) / t + A: as sharp as I.
    """

    def __init__(
        self,
        picture: Tensor,
        options: DehazeOptions,
        *,
        truth: Tensor | None,
        levels: int | None,
        given: Tensor | None,
    ) -> None:
        """`given` is the air-light (1, C, 1, 1) where it is known."""
        channels, height, width = (int(n) for n in picture.shape[1:])
        self.options = options
        self.given = given
        window = round(options.window * max(height, width))
        self.window = window + 1 - window % 2
        slots = {
            "scene": Slot(channels, (height, width)),
            "transmission": Slot(1, (height, width)),
        }
        if given is None:
            slots["air-light"] = Slot(
                channels, (1, 1), torch.zeros(1, 1, 1, 1), module=self._started_air
            )
        super().__init__(picture, slots, truth=truth, levels=levels)
        self.look()

    def _started_air(self) -> AirLight:
        # Made when the fit begins, and so at the guess from what is not kept back.
        return AirLight(self.air)

    def look(self) -> None:
        """Guess air-light and transmission by the dark channel."""
        seen = self.visible()
        air = self.given
        if air is None:
            air = dark.air_light(seen, self.window, _SHARE)
            grey = air.mean(dim=1, keepdim=True)
            air = grey + _NEUTRAL * (air - grey)
        self.air = air
        self.guess = dark.transmission(seen, air, self.window, self.options.density)
        slopes = [slope.abs().mean(dim=1, keepdim=True) for slope in steepness(seen)]
        self.flat = [torch.exp(-slope / _EDGE) for slope in slopes]

    def _air(self, layers: Mapping[str, Tensor]) -> Tensor:
        return layers.get("air-light", self.air)

    def mix(self, layers: Mapping[str, Tensor]) -> Tensor:
        """Return J t + A (1 - t)."""
        through = layers["transmission"]
        return layers["scene"] * through + self._air(layers) * (1 - through)

    def penalty(self, layers: Mapping[str, Tensor], index: int) -> Tensor:
        """Weigh the distance to the guesses, slopes of t without an edge, the dark channel of J."""
        through, air = layers["transmission"], self._air(layers)
        off = (through - self.guess).square().mean()
        slopes = zip(steepness(through), self.flat, strict=True)
        rough = torch.stack([(slope.abs() * flat).mean() for slope, flat in slopes]).sum()
        darkness = dark.dark_channel(layers["scene"], self.window).mean()
        moved = (air - self.air).square().mean()
        return _GUESS * off + _SMOOTH * rough + _DARK * darkness + _AIR * moved

    def render(self, estimate: Estimate) -> dict[str, Rendered]:
        """Return the scene, the transmission as grey, and a patch of the air-light's colour."""
        through, air = estimate["transmission"], self._air(estimate)
        shown = air.clamp(0, 1).expand(-1, -1, _SWATCH, _SWATCH)
        return {
            "restored": Rendered(dark.scene(self.measured, through, air)),
            "transmission": Rendered(through.clamp(0, 1), own=True),
            "air-light": Rendered(shown, own=True),
        }

    def to(self, device: torch.device) -> None:
        """Move measurements and guesses to a device."""
        super().to(device)
        self.given = None if self.given is None else self.given.to(device)
        self.air, self.guess = self.air.to(device), self.guess.to(device)
        self.flat = [each.to(device) for each in self.flat]
