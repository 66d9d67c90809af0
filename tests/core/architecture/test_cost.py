"""Cost, counted against arithmetic done by hand and against memory that torch reports."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from nasdip_core.architecture.assemble import assemble
from nasdip_core.architecture.cost import cost_of
from nasdip_core.architecture.input import input_channels
from nasdip_core.architecture.named import find_architecture
from nasdip_core.architecture.specification import Architecture
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins

BARE = {
    "levels": 1,
    "input": {"channels": 2},
    "encoder": {"widths": 3, "convolutions": 1},
    "decoder": {"widths": 5, "pointwise": False, "norm_merged": False},
    "residual": "none",
    "norm": "none",
    "activation": "none",
    "output": "linear",
}


def test_multiply_adds_by_hand(plugins: Plugins) -> None:
    architecture = parse(Architecture, BARE, "")
    # At 8 x 8: encoder 2->3 at 4 x 4, decoder 3->5 at 8 x 8, picture 5->1 at 8 x 8.
    by_hand = 9 * 2 * 3 * 16 + 9 * 3 * 5 * 64 + 5 * 64
    cost = cost_of(architecture, 1, (8, 8), plugins)
    assert cost.macs == by_hand
    assert cost.parameters == (9 * 2 * 3 + 3) + (9 * 3 * 5 + 5) + (5 + 1)


@pytest.mark.parametrize("name", ["nas-dip-denoise", "balanced-inpaint", "deep-decoder", "siren"])
def test_multiply_adds_are_those_that_torch_counts(name: str, plugins: Plugins) -> None:
    architecture = find_architecture(name, plugins).architecture
    network = assemble(architecture, 3, plugins).to("meta")
    size = network.input_size((32, 48))
    z = torch.empty(1, input_channels(architecture.input, 1), *size, device="meta")
    counter = FlopCounterMode(display=False)
    with counter:
        network(z, (32, 48))
    assert cost_of(architecture, 3, (32, 48), plugins).macs == counter.get_total_flops() / 2


def test_activation_memory_is_what_the_backward_pass_keeps(plugins: Plugins) -> None:
    architecture = parse(Architecture, {**BARE, "norm": "batch", "activation": "silu"}, "")
    network = assemble(architecture, 1, plugins)
    owned = {parameter.data_ptr() for parameter in network.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if tensor.data_ptr() not in owned:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = network(torch.rand(1, 2, 64, 64))
    assert out.shape == (1, 1, 64, 64)
    stated = cost_of(architecture, 1, (64, 64), plugins).activation_bytes
    assert stated == pytest.approx(sum(kept.values()), rel=0.05)


def test_cost_grows_with_the_picture(plugins: Plugins) -> None:
    architecture = parse(Architecture, BARE, "")
    small, large = (cost_of(architecture, 1, (side, side), plugins) for side in (64, 128))
    assert large.macs == 4 * small.macs
    assert large.parameters == small.parameters
    assert large.activation_bytes == pytest.approx(4 * small.activation_bytes, rel=0.1)
