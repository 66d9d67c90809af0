"""The temporal shift, by its formula, and where networks have it."""

import pytest
import torch

from nasdip_core.architecture.assemble import assemble
from nasdip_core.architecture.cost import cost_of
from nasdip_core.architecture.input import draw_input
from nasdip_core.architecture.specification import Architecture, Input
from nasdip_core.architecture.temporal import TemporalShift
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins

SMALL = {
    "levels": 2,
    "input": {"channels": 4},
    "encoder": {"widths": 8, "convolutions": 1},
    "decoder": {"widths": 8},
    "norm": "none",
}


def test_channels_come_from_the_frames_beside() -> None:
    features = torch.arange(3.0)[:, None, None, None] + 10 * torch.arange(8.0)[:, None, None]
    shifted = TemporalShift(0.25)(features.expand(3, 8, 2, 2))
    before, after, same = shifted[:, :2], shifted[:, 2:4], shifted[:, 4:]
    assert (before[:, 0, 0, 0] - 0).tolist() == [0, 0, 1]
    assert (after[:, 0, 0, 0] - 20).tolist() == [1, 2, 2]
    assert (same[:, 0, 0, 0] - 40).tolist() == [0, 1, 2]
    assert shifted.shape == (3, 8, 2, 2)


def test_a_single_frame_and_few_channels_stay() -> None:
    features = torch.randn(1, 8, 3, 3)
    assert torch.equal(TemporalShift(0.25)(features), features)
    few = torch.randn(3, 3, 2, 2)
    assert torch.equal(TemporalShift(0.25)(few), few)


@pytest.mark.parametrize(("share", "reaches"), [(0.25, True), (0.0, False)])
def test_a_frame_hears_of_its_neighbours(share: float, reaches: bool, plugins: Plugins) -> None:
    architecture = parse(Architecture, {**SMALL, "temporal_shift": share}, "")
    network = assemble(architecture, 1, plugins, frames=3)
    z = torch.rand(3, 4, 8, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    network(z)[2].sum().backward()
    assert z.grad is not None
    assert bool(z.grad[2].any())
    assert bool(z.grad[1].any()) is reaches


def test_pictures_of_a_batch_stay_apart(plugins: Plugins) -> None:
    network = assemble(parse(Architecture, SMALL, ""), 1, plugins)
    assert not any(isinstance(module, TemporalShift) for module in network.modules())


def test_weights_are_those_of_the_network_for_one_picture(plugins: Plugins) -> None:
    architecture = parse(Architecture, SMALL, "")
    one, many = (assemble(architecture, 1, plugins, seed=3, frames=n) for n in (1, 5))
    for first, second in zip(one.parameters(), many.parameters(), strict=True):
        assert torch.equal(first, second)


def test_frames_cost_as_many_pictures(plugins: Plugins) -> None:
    architecture = parse(Architecture, SMALL, "")
    one, many = (cost_of(architecture, 1, (8, 8), plugins, frames) for frames in (1, 5))
    assert (many.parameters, many.macs) == (one.parameters, 5 * one.macs)
    assert many.activation_bytes == 5 * one.activation_bytes


def test_the_grid_of_frames_has_their_time() -> None:
    grid = draw_input(Input(kind="grid", channels=2, scale=2.0), (3, 5), torch.Generator(), 4)
    assert grid.shape == (4, 3, 3, 5)
    assert torch.equal(grid[1, :2], grid[3, :2])
    torch.testing.assert_close(grid[:, 2, 1, 1], 2 * torch.arange(4) / 3)


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_inputs_between_keyframes_are_blends(kind: str) -> None:
    spec = Input.model_validate({"kind": kind, "channels": 4, "keyframes": 2})
    z = draw_input(spec, (3, 5), torch.Generator().manual_seed(0), 6)
    drawn = draw_input(spec, (3, 5), torch.Generator().manual_seed(0), 8)[::2]
    assert z.shape == (6, 4, 3, 5)
    for number in (0, 2, 4):
        assert torch.equal(z[number], drawn[number // 2])
    torch.testing.assert_close(z[1], (drawn[0] + drawn[1]) / 2)
    torch.testing.assert_close(z[5], (drawn[2] + drawn[3]) / 2)


def test_with_every_frame_a_keyframe_each_is_drawn() -> None:
    spec = Input(channels=4, keyframes=1)
    z = draw_input(spec, (3, 5), torch.Generator().manual_seed(0), 3)
    draws = torch.Generator().manual_seed(0)
    assert torch.equal(z, 0.1 * torch.rand((3, 4, 3, 5), generator=draws))


def test_one_picture_has_the_input_that_it_always_had() -> None:
    z = draw_input(Input(channels=4), (3, 5), torch.Generator().manual_seed(0))
    draws = torch.Generator().manual_seed(0)
    assert torch.equal(z, 0.1 * torch.rand((1, 4, 3, 5), generator=draws))
