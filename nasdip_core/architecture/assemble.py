"""From an architecture as data to a network with seeded weights."""

import torch

from nasdip_core.architecture.network import Network
from nasdip_core.architecture.specification import NetworkSpecification, PluginNetwork
from nasdip_core.architecture.unet import UNet
from nasdip_core.plugins import Plugins
from nasdip_core.seeds import initialising


def assemble(
    architecture: NetworkSpecification,
    out_channels: int,
    plugins: Plugins,
    *,
    seed: int = 0,
    in_channels: int | None = None,
    frames: int = 1,
) -> Network:
    """Build the network on the CPU; equal seeds give equal weights.

    `in_channels` replaces the channels of the architecture's own input. Of several `frames`, a
    batch is one stack.
    Raises PluginError for an unknown op or network, OptionError where the parts do not fit.
    """
    channels = architecture.input.channels if in_channels is None else in_channels
    with initialising(seed):
        network = build(architecture, channels, out_channels, plugins, frames)
    network.to(memory_format=_memory_format())  # type: ignore[call-overload]  # missing in the stubs
    return network


def build(
    architecture: NetworkSpecification,
    in_channels: int,
    out_channels: int,
    plugins: Plugins,
    frames: int = 1,
) -> Network:
    """Build the network, its weights drawn from torch's own generator."""
    if not isinstance(architecture, PluginNetwork):
        return UNet(architecture, in_channels, out_channels, plugins, frames)
    registration = plugins.find("network", architecture.uses)
    given = architecture.with_
    network: Network = registration.made(given, "architecture.with", in_channels, out_channels)
    return network


def _memory_format() -> torch.memory_format:
    """Return the layout of weights, which convolutions hand on to their outputs.

    oneDNN and cuDNN convolve, normalise and resize faster with the channels innermost; other
    libraries are made for the channels outermost.
    """
    if torch.cuda.is_available() or torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return torch.channels_last
    return torch.contiguous_format
