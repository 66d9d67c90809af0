"""From the slots of a problem to seeded networks and their inputs."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nasdip_core.architecture.assemble import assemble
from nasdip_core.architecture.cost import Cost, cost_of
from nasdip_core.architecture.input import (
    draw_input,
    guiding_factor,
    guiding_input,
    input_channels,
)
from nasdip_core.architecture.network import Network
from nasdip_core.architecture.specification import NetworkSpecification
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Slot
from nasdip_core.seeds import derive, generator, initialising
from nasdip_core.weights import load_weights


@dataclass
class SlotNetwork:
    """A network, its fixed input, and the size that it answers with."""

    module: nn.Module
    input: Tensor | None
    size: tuple[int, int]
    drawn: bool = True
    """The input is the architecture's random one: only that is jittered."""

    def __call__(self, jitter: float, draws: torch.Generator) -> Tensor:
        """Return the output (B, C, H, W) for the input plus, if it was drawn, fresh jitter."""
        if self.input is None:
            raise ValueError("this slot has no input of its own: call its network with the batch")
        z = self.input
        if jitter > 0 and self.drawn:
            noise = torch.empty_like(z).normal_(0, jitter, generator=draws)
            z = z + noise
        output: Tensor = (
            self.module(z, self.size) if isinstance(self.module, Network) else self.module(z)
        )
        return output


def inputs_of(slot: Slot, architecture: NetworkSpecification, guide: int = 0) -> int:
    """Return the channels of a slot's input: its own, or the random one and a guide beside it.

    `guide`: channels of that of the run, for a slot that has none of its own.
    """
    own = slot.in_channels if slot.input is None else int(slot.input.shape[1])
    if own is not None:
        return own
    beside = guide if slot.guide is None else int(slot.guide.shape[1])
    drawn = input_channels(architecture.input, slot.frames)
    return drawn + beside * guiding_factor(architecture) ** 2


def cost_in(
    slot: Slot,
    architecture: NetworkSpecification,
    plugins: Plugins,
    size: tuple[int, int] | None = None,
    guide: int = 0,
) -> Cost:
    """Return what an architecture costs in a slot; `size`: that of a tile."""
    inputs = inputs_of(slot, architecture, guide)
    return cost_of(
        architecture, slot.channels, size or slot.size, plugins, slot.frames, inputs=inputs
    )


def make_networks(
    slots: Mapping[str, Slot],
    architecture: NetworkSpecification,
    plugins: Plugins,
    seed: int,
    device: torch.device,
    *,
    guide: Tensor | None = None,
) -> dict[str, SlotNetwork]:
    """Build a network for every slot; weights and inputs are drawn on the CPU.

    A `guide` (1, C, H, W) in [0, 1] is a further input, beside the random one, of the slots that
    have none of their own.
    """
    networks: dict[str, SlotNetwork] = {}
    for name, slot in slots.items():
        weights = derive(seed, "weights", name)
        z = slot.input
        beside = guide if slot.guide is None else slot.guide
        module: nn.Module
        if slot.module is not None:
            with initialising(weights):
                module = slot.module()
        else:
            drawn = z is None and slot.in_channels is None
            channels = inputs_of(slot, architecture, 0 if guide is None else int(guide.shape[1]))
            module = network = assemble(
                architecture,
                slot.channels,
                plugins,
                seed=weights,
                in_channels=channels,
                frames=slot.frames,
            )
            if drawn:
                size, draws = network.input_size(slot.size), generator(seed, "input", name)
                z = draw_input(architecture.input, size, draws, slot.frames)
                if beside is not None:
                    factor = guiding_factor(architecture)
                    z = torch.cat([z, guiding_input(beside, size, factor)], dim=1)
        if slot.weights is not None:
            load_weights(module, slot.weights)
        networks[name] = SlotNetwork(
            module.to(device).train(),
            None if z is None else z.to(device),
            slot.size,
            drawn=slot.input is None,
        )
    return networks
