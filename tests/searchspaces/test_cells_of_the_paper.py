"""The cells as NAS-DIP numbers them (Chen et al., ECCV 2020, released code)."""

import pytest
import torch

from nasdip_core.architecture.cell import UpsamplingCell
from nasdip_core.architecture.named import find_architecture
from nasdip_core.architecture.specification import Architecture, Cell
from nasdip_core.errors import OptionError
from nasdip_core.plugins import Plugins

CHANNELS = 128
RESAMPLES = ("bilinear", "bicubic", "nearest", "depth-to-space", "depth-to-space")
TRANSFORMS = ("conv", "transposed-conv", "additive", "separable", "depth-wise")
KERNELS = (1, 3, 5, 7)
ACTIVATIONS = ("none", "relu", "leaky-relu")


def cell(index: int) -> Cell:
    """Return the cell of an index, 0 to 323."""
    kernel, activation = KERNELS[(index // 3) % 4], ACTIVATIONS[index % 3]
    if index >= 312:
        return Cell(resample="transposed-conv", kernel=kernel, activation=activation)
    block, place = divmod(index, 63)
    return Cell(
        resample=RESAMPLES[block],
        transform="identity" if place >= 60 else TRANSFORMS[place // 12],
        kernel=3 if place >= 60 else KERNELS[(place // 3) % 4],
        activation=ACTIVATIONS[place % 3],
        order="transform-first" if block == 4 else "resample-first",
    )


def test_all_can_be_built_but_27(plugins: Plugins) -> None:
    refused = []
    for index in range(324):
        try:
            with torch.device("meta"):
                UpsamplingCell(cell(index), CHANNELS, plugins)
        except OptionError:
            refused.append(index)
    # Depth-wise behind and before depth-to-space, and depth-to-space alone: other channels.
    assert refused == [*range(237, 252), *range(300, 312)]


@pytest.mark.parametrize(
    ("name", "index"), [("nas-dip-denoise", 158), ("nas-dip-inpaint", 86), ("nas-dip-sr", 119)]
)
def test_those_of_the_released_networks(plugins: Plugins, name: str, index: int) -> None:
    network = find_architecture(name, plugins).architecture
    assert isinstance(network, Architecture)
    assert network.cell == cell(index)
