"""The fit of a flash pair: how the light differs, from place to place."""

from collections.abc import Callable

import torch
from torch import Tensor

from nasdip_core.problem import Estimate, Player, Slot, Step
from nasdip_core.restoration import RestorationProblem
from nasdip_core.tiles import Tile


class FlashProblem(RestorationProblem):
    """x = 2 a . g + 2 b - 1, where the network of the flash picture g says a and b.

    Light differs more smoothly than what it falls on, so that the fit finds the light first and
    takes the detail from g; as in the local model of He, Sun, Tang, "Guided image filtering", 2010.
    """

    def __init__(
        self,
        measured: Tensor,
        flash: Tensor,
        deviation: Callable[[Tensor], Tensor | float],
        *,
        truth: Tensor | None,
        levels: int | None,
    ) -> None:
        """`measured` (1, C, H, W) and `flash` (1, C, H, W) or (1, 1, H, W) are in [0, 1]."""
        super().__init__(measured, deviation=deviation, truth=truth, levels=levels)
        self._flash = flash
        channels = int(measured.shape[1])
        self.slots = {"light": Slot(channels=2 * channels, size=self.size, guide=flash)}
        self.players = [Player("light", ("light",), self._loss)]

    def shaped(self, step: Step) -> Tensor:
        """Return the flash picture in the light that the network says."""
        gain, offset = step["light"].chunk(2, dim=1)
        return 2 * gain * self._flash + 2 * offset - 1

    def _loss(self, step: Step) -> Tensor:
        return self._error(self.shaped(step), self.fitted)

    def estimate(self, step: Step) -> Estimate:
        """Return the picture."""
        return {self.output: self.shaped(step).detach()}

    def tile(self, part: Tile) -> "FlashProblem":
        """Return the same problem for a part of the picture."""
        problem = FlashProblem(
            part.cut(self.measured),
            part.cut(self._flash),
            self.deviation,
            truth=None if self.truth is None else part.cut(self.truth),
            levels=self.levels,
        )
        problem.fitted = part.cut(self.fitted)
        if self.kept_back is not None:
            problem.kept_back = part.cut(self.kept_back)
        return problem

    def to(self, device: torch.device) -> None:
        """Move the pair to a device."""
        super().to(device)
        self._flash = self._flash.to(device)
