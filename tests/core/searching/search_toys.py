"""A space, rewards and a strategy whose every answer is known beforehand."""

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import torch
from fleets import Ended
from pydantic import Field

from nasdip_core.architecture.cost import cost_of
from nasdip_core.architecture.specification import Architecture, Decoder, Encoder, Input, Skip
from nasdip_core.errors import RunError
from nasdip_core.hooks import Offer, hookimpl
from nasdip_core.launcher import Fleet, Launcher
from nasdip_core.options import Options
from nasdip_core.plugins import Plugins
from nasdip_core.reward import Reward, Trained
from nasdip_core.space import Choice, Choices, Decision, SearchSpace
from nasdip_core.strategy import Strategy
from nasdip_core.study.records import History
from nasdip_core.study.sampler import SpaceSampler
from nasdip_core.worker import work

WIDTHS = (2, 4, 6, 8, 10)


class ToySpace(SearchSpace):
    """A width, and a choice that does not matter to the narrowest network."""

    decisions = (Decision("width", WIDTHS), Decision("levels", (1, 2)))
    size = 9

    def allowed(self, decision: Decision, made: Choices) -> Sequence[Choice]:
        if decision.name == "levels" and made["width"] == 2:
            return (1,)
        return decision.choices

    def decode(self, choices: Choices) -> Architecture:
        width, levels = int(choices["width"]), int(choices["levels"])
        return Architecture(
            levels=levels,
            input=Input(channels=2),
            encoder=Encoder(widths=(width,) * levels, convolutions=1),
            decoder=Decoder(widths=(width,) * levels, pointwise=False),
            skip=Skip(widths=(1,) * levels),
        )

    def encode(self, architecture: Architecture) -> dict[str, Choice]:
        return {"width": architecture.decoder.widths[0], "levels": architecture.levels}


class WidthReward(Reward):
    """The network's width; 6 is an error, 8 no number. A fit's seed adds a little."""

    def score(self, trained: Trained) -> float:
        picture = trained.result.chosen["restored"]
        width = _width(trained)
        if width == 6:
            raise RunError("six is not to be had")
        return float("nan") if width == 8 else width + 1e-3 * float(picture.mean())


class PictureReward(Reward):
    """By far more about the picture than about the network."""

    def score(self, trained: Trained) -> float:
        return 100 * float(trained.problem.measured.mean()) + _width(trained)  # type: ignore[attr-defined]


def _width(trained: Trained) -> int:
    return _widths()[trained.cost.parameters]


@cache
def _widths() -> dict[int, int]:
    """Return the width by the number of weights, which no two points share."""
    space, plugins = ToySpace(), Plugins.discover()
    points = [{"width": w, "levels": levels} for w in WIDTHS for levels in (1, 2)]
    return {
        cost_of(space.decode(point), 3, (16, 16), plugins).parameters: point["width"]
        for point in points
    }


class ListedOptions(Options):
    """What is proposed."""

    proposals: list[list[int]] = Field(description="width and levels of each slot; then again")


class Listed(Strategy):
    """Proposes what it is told."""

    def __init__(self, proposals: list[list[int]]) -> None:
        self._proposals = proposals

    def sampler(self, space: SearchSpace, seed: int) -> SpaceSampler:
        return _ListedSampler(space, seed, self._proposals)


class _ListedSampler(SpaceSampler):
    def __init__(self, space: SearchSpace, seed: int, proposals: list[list[int]]) -> None:
        super().__init__(space, seed)
        self._proposals = proposals

    def propose(
        self, history: History, draws: torch.Generator
    ) -> tuple[Choices, Mapping[str, Any]]:
        width, levels = self._proposals[(len(history.records) - 1) % len(self._proposals)]
        return {"width": width, "levels": levels}, {}


class Inline(Launcher):
    """Works within this process."""

    def launch(self, order: Mapping[str, Any], workers: int) -> Fleet:
        plugins = Plugins.discover()
        plugins.add(sys.modules[__name__], "toys", "toys")
        for _ in range(workers):
            work(order, plugins)
        return Ended()


@hookimpl
def nasdip_offers() -> list[Offer]:
    here = __name__
    return [
        Offer("space", "toy", "a toy", factory=f"{here}:ToySpace"),
        Offer("launcher", "inline", "a toy", factory=f"{here}:Inline"),
        Offer("reward", "width", "a toy", factory=f"{here}:WidthReward"),
        Offer("reward", "picture", "a toy", factory=f"{here}:PictureReward"),
        Offer(
            "strategy", "listed", "a toy", factory=f"{here}:Listed", options=f"{here}:ListedOptions"
        ),
    ]
