"""Notices a fit that diverges, and keeps states to go back to."""

import math
from collections import deque
from collections.abc import Mapping
from typing import Any

from nasdip_core.fit.checkpoint import copied
from nasdip_core.fit.options import GuardOptions

_LEAST = 1e-12
"""Losses below are all alike."""


class DivergenceGuard:
    """A loss that is not finite, or far above its running mean, is a divergence.

    Two snapshots are kept and the older one is gone back to, since a divergence may have begun
    just before the newer one.
    """

    def __init__(self, options: GuardOptions) -> None:
        self.options = options
        self._running: dict[str, float] = {}
        self._spread: dict[str, float] = {}
        """Running mean of the distance from the running loss, which may pass through zero."""
        self.snapshots: deque[dict[str, Any]] = deque(maxlen=2)
        """States of the fit, the older one first."""

    def judge(self, losses: Mapping[str, float], descending: frozenset[str]) -> str | None:
        """Return why these losses are a divergence, or None; `descending` players should fall."""
        for player, loss in losses.items():
            if not math.isfinite(loss):
                return f"the loss of '{player}' is {loss}"
            running = self._running.get(player)
            if player in descending and running is not None and self._rises(player, running, loss):
                return f"the loss of '{player}' rose from {running:.3g} to {loss:.3g}"
        for player, loss in losses.items():
            running = self._running.get(player, loss)
            spread = self._spread.get(player, 0.0)
            self._running[player] = 0.9 * running + 0.1 * loss
            self._spread[player] = 0.9 * spread + 0.1 * abs(loss - running)
        return None

    def _rises(self, player: str, running: float, loss: float) -> bool:
        """Return whether a loss, which may be negative, is far above its running mean."""
        scale = max(abs(running), self._spread[player], _LEAST)
        return loss - running > (self.options.rise - 1) * scale

    def keep(self, state: dict[str, Any]) -> None:
        """Take a snapshot of the fit's state."""
        self.snapshots.append(copied(state))

    def go_back(self) -> dict[str, Any]:
        """Return the state to go on from; it stays the only snapshot."""
        state = self.snapshots[0]
        self.snapshots.clear()
        self.snapshots.append(state)
        return copied(state)  # type: ignore[no-any-return]  # a copied dict is a dict

    def state_dict(self) -> dict[str, Any]:
        """Return the running losses."""
        return {"running": dict(self._running), "spread": dict(self._spread)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back the running losses."""
        self._running = dict(state["running"])
        self._spread = dict(state["spread"])
