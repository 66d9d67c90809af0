"""Networks of coordinates, against their formulas."""

import math

import torch

from nasdip_core.architecture.input import draw_input
from nasdip_core.architecture.specification import Input
from nasdip_searchspaces.network.fourier_features import FourierFeatures
from nasdip_searchspaces.network.siren import Siren

GRID = draw_input(Input(kind="grid", channels=2, scale=1), (5, 4), torch.Generator())


def test_siren_is_sines_of_the_coordinates() -> None:
    network = Siren(2, 1, width=3, layers=2, first_omega=30, omega=7)
    said = network(GRID)
    point = 2 * GRID[0, :, 3, 1] - 1
    first, second = network.hidden
    inner = torch.sin(30 * (first.weight @ point + first.bias))
    outer = torch.sin(7 * (second.weight @ inner + second.bias))
    expected = (network.last.weight @ outer + network.last.bias + 1) / 2
    torch.testing.assert_close(said[0, :, 3, 1], expected)


def test_weights_of_siren_lie_within_its_bounds() -> None:
    torch.manual_seed(0)
    network = Siren(2, 1, width=64, layers=3, first_omega=30, omega=10)
    bounds = [1 / 2, (6 / 64) ** 0.5 / 10, (6 / 64) ** 0.5 / 10]
    for layer, bound in zip(network.hidden, bounds, strict=True):
        largest = float(layer.weight.detach().abs().max())
        assert 0.9 * bound < largest <= bound


def test_fourier_features_are_waves_of_the_coordinates() -> None:
    network = FourierFeatures(2, 1, width=4, layers=1, features=3, scale=2)
    said = network(GRID)
    phase = 2 * math.pi * (GRID[0, :, 3, 1] @ network.waves)
    waves = torch.cat([phase.cos(), phase.sin()])
    torch.testing.assert_close(said[0, :, 3, 1], network.perceptron(waves))


def test_waves_are_drawn_once_and_kept() -> None:
    torch.manual_seed(0)
    network = FourierFeatures(3, 1, width=4, layers=1, features=4000, scale=2)
    assert abs(float(network.waves.std()) - 2) < 0.1
    assert "waves" in network.state_dict()
    assert all(parameter is not network.waves for parameter in network.parameters())
