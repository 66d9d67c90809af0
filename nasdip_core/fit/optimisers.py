"""The optimisers of a fit: one Adam a player."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam

from nasdip_core.fit.networks import SlotNetwork
from nasdip_core.fit.options import FitOptions
from nasdip_core.problem import Player


class Optimisers:
    """Adam over the weights of each player's slots (Kingma and Ba, ICLR 2015)."""

    def __init__(
        self,
        players: Sequence[Player],
        networks: Mapping[str, SlotNetwork],
        options: FitOptions,
        device: torch.device,
    ) -> None:
        self._lr = options.lr
        self._adams = {
            player.name: Adam(
                [p for slot in player.slots for p in networks[slot].module.parameters()],
                lr=options.lr,
                betas=(player.beta1, options.beta2),
                fused=device.type in {"cpu", "cuda"},
            )
            for player in players
        }

    def descend(self, player: Player, loss: Tensor) -> None:
        """Take a step down the loss; its gradients reach this player's weights only."""
        adam = self._adams[player.name]
        adam.zero_grad(set_to_none=True)
        loss.backward(inputs=adam.param_groups[0]["params"])  # type: ignore[no-untyped-call]
        adam.step()

    def rate(self, player: Player) -> float:
        """Return a player's learning rate."""
        rate: float = self._adams[player.name].param_groups[0]["lr"]
        return rate

    def scale_rates(self, factor: float) -> None:
        """Set all learning rates to so much of what the options say."""
        for adam in self._adams.values():
            for group in adam.param_groups:
                group["lr"] = self._lr * factor

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return {name: adam.state_dict() for name, adam in self._adams.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back a state."""
        for name, adam in self._adams.items():
            adam.load_state_dict(state[name])
            _lay_out(adam)


def _lay_out(adam: Adam) -> None:
    """Lay moments out in memory as their weights are: fused Adam takes that for granted."""
    for parameter, state in adam.state.items():
        for name in ("exp_avg", "exp_avg_sq"):
            state[name] = torch.empty_like(parameter).copy_(state[name])
