"""What one fit solves: networks, the players that train them, and how the result is judged.

One form serves a single network, several coupled ones, and players that take turns.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from nasdip_core.errors import OptionError
from nasdip_core.imaging.picture import Picture
from nasdip_core.tiles import Tiling

NO_OBJECTIVES = ("this task takes no objectives", "leave fit.objectives out")
"""What is said where no picture is shaped."""
NO_LANGEVIN = (
    "fit.langevin averages outputs; those of this task belong to their weights",
    "leave fit.langevin out",
)
"""What is said where outputs must not be averaged."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A network of a problem, filled by the run's architecture unless the task brings its own."""

    channels: int
    """Channels of the output."""
    size: tuple[int, int]
    """Height and width of the output."""
    input: Tensor | None = None
    """The input (B, C, h, w); None: the architecture's random input, jittered every step."""
    guide: Tensor | None = None
    """A picture (1, C, H, W) in [0, 1] that the network gets beside its random input."""
    frames: int = 1
    """How many outputs of the size there are, (T, C, H, W), each for an input of its own."""
    in_channels: int | None = None
    """Channels of the input where it comes in batches and not from here."""
    module: Callable[[], nn.Module] | None = None
    """Makes the task's own network, called in a seeded scope; None: the architecture."""
    weights: Mapping[str, Tensor] | None = None
    """What the network begins with, as it was trained before; None: drawn."""


class Step:
    """One turn of a player: the networks, and their outputs for this turn's inputs."""

    def __init__(
        self,
        index: int,
        networks: Mapping[str, nn.Module],
        run: Callable[[str], Tensor],
        batch: Any,
        generator: torch.Generator,
        last: bool = False,
    ) -> None:
        self.index = index
        """Number of the step, from 1."""
        self.last = last
        """The fit ends with this step, if nothing ends it sooner."""
        self.networks = networks
        self.batch = batch
        """What `Problem.batch` returned for this step."""
        self.generator = generator
        """For random draws on the fit's device."""
        self.parts: dict[str, float] = {}
        """Parts of the loss, to be reported beside it."""
        self._run = run
        self._outputs: dict[str, Tensor] = {}

    def __getitem__(self, slot: str) -> Tensor:
        """Return a slot's output (B, C, H, W) for its own input, computed once a turn."""
        if slot not in self._outputs:
            self._outputs[slot] = self._run(slot)
        return self._outputs[slot]


@dataclass(frozen=True, slots=True)
class Player:
    """Some networks, one optimiser, one loss."""

    name: str
    slots: tuple[str, ...]
    """The networks that this player trains; gradients do not reach the others."""
    loss: Callable[[Step], Tensor]
    """Returns a scalar to minimise."""
    turns: int = 1
    """Optimiser steps a step of the fit."""
    beta1: float = 0.9
    """Adam's first-moment decay."""
    descends: bool = True
    """The loss should fall, so a sharp rise is a divergence (not so for an adversary)."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One output as it is to be written."""

    samples: Tensor
    """(1, C, H, W) in [0, 1]; three channels where the picture is grey make it RGB."""
    known: Tensor | None = None
    """(1, 1, H, W) bool: samples to copy unchanged from the input picture."""
    alpha: Tensor | None = None
    """(1, 1, H, W) in [0, 1]: the new opacity; None keeps the picture's."""
    own: bool = False
    """No picture of the input's kind, such as a map: an 8-bit PNG of its own, C = 1 or 3."""
    array: bool = False
    """An array of its own, of any range and number of channels: an .npy file."""
    form: Picture | None = None
    """The picture whose kind, profile and opacity this takes; None: that of the input."""


Estimate = Mapping[str, Tensor]
"""Detached outputs by name, (B, C, H, W): what is averaged, judged and rendered."""


@dataclass
class Problem(ABC):
    """Base of problems. A task returns one; the fit solves it."""

    slots: Mapping[str, Slot]
    players: Sequence[Player]
    """Nobody, where there is nothing to train: the fit is one look at the networks."""
    passes: ClassVar[int] = 1
    """Of each of the architecture's networks a step, for an estimate of its time."""
    on_unet: ClassVar[bool] = False
    """Whether the architecture must be a U-Net, which takes and gives pictures of any size."""
    averaged: ClassVar[bool] = True
    """Whether the fit averages estimates (fit.averaging); not those of averaged weights."""
    notes: list[str] = field(default_factory=list, kw_only=True)
    """What the user should know about this problem, shown with the result."""

    @abstractmethod
    def estimate(self, step: Step) -> Estimate:
        """Return what the networks say now; the first output is the one that rules watch."""

    @abstractmethod
    def render(self, estimate: Estimate) -> dict[str, Rendered]:
        """Return the outputs as they are to be written."""

    def shaped(self, step: Step) -> Tensor:
        """Return the picture (1, C, H, W) that objectives shape, with its gradient.

        Raises OptionError where there is no such picture.
        """
        raise OptionError(*NO_OBJECTIVES)

    @property
    def result_size(self) -> tuple[int, int]:
        """Height and width of the first output as it is written."""
        return next(iter(self.slots.values())).size

    def batch(self, index: int, generator: torch.Generator) -> Any:
        """Return the data of a step; None where the slots' own inputs are all there is."""

    def active(self, index: int) -> Sequence[Player]:
        """Return the players of a step, in order; override for phases."""
        return self.players

    def hold_out(self, share: float, generator: torch.Generator) -> None:
        """Keep back a share of the measurements from every loss, for `validation`.

        Raises OptionError where a problem has nothing to keep back.
        """
        raise OptionError("this task cannot keep measurements back", "choose another fit.stopping")

    @property
    def keeps_back(self) -> bool:
        """Whether measurements are kept back."""
        return False

    def validation(self, estimate: Estimate) -> float | None:
        """Return the error on what was kept back; never reads the truth."""
        return None

    def tiling(self, side: int) -> Tiling:
        """Return the tiles of about this side that cover the picture.

        Raises OptionError where they would be too small.
        """
        return Tiling(next(iter(self.slots.values())).size, side)

    @property
    def tile_side(self) -> int | None:
        """Side of the tiles in which the picture is looked at; None: in one piece."""
        return None

    def in_tiles(self, side: int) -> None:
        """Look at the picture in tiles of this side from now on.

        Raises OptionError where a problem is solved in one piece.
        """
        raise OptionError("this task cannot be done in tiles", "leave tile out")

    def noise_loss(self) -> float | None:
        """Return the loss at which nothing but noise is left to fit; None where nobody knows."""
        return None

    def noise_level(self) -> float:
        """Return the deviation of the noise at mid grey, range [0, 1]; 0 where nobody knows."""
        return 0.0

    def measures(self, estimate: Estimate) -> dict[str, float]:
        """Return the quality against the truth where it is given: psnr in dB."""
        return {}

    def weights(self) -> Mapping[str, Tensor]:
        """Return what was learnt, to be applied to other pictures later; empty: nothing is."""
        return {}

    def samples(self) -> Tensor | None:
        """Return at a glance what was learnt so far, (1, C, H, W) in [0, 1]; None: nothing."""
        return None

    def to(self, device: torch.device) -> None:
        """Move the problem's own tensors to the fit's device."""

    def state_dict(self) -> dict[str, Any]:
        """Return what else a checkpoint must hold: tensors, numbers, lists, by name."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` returned."""
