"""The assembler: check values of the published networks, sizes, pattern, determinism."""

import pytest
import torch
from torch import nn

from nasdip_core.architecture.assemble import assemble
from nasdip_core.architecture.cell import UpsamplingCell
from nasdip_core.architecture.cost import cost_of
from nasdip_core.architecture.named import find_architecture
from nasdip_core.architecture.pattern import residual_matrix
from nasdip_core.architecture.specification import Architecture, Cell, Use
from nasdip_core.errors import OptionError, PluginError
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins

NAMES = [
    "dip", "deep-decoder", "nas-dip-denoise", "nas-dip-inpaint", "nas-dip-sr",
    "fast-denoise", "balanced-inpaint", "fast-super-resolution",
]  # fmt: skip

SMALL = {
    "levels": 2,
    "input": {"channels": 3},
    "encoder": {"widths": [4, 6]},
    "decoder": {"widths": [5, 7]},
    "skip": {"widths": 2},
}


def small(**changes: object) -> Architecture:
    return parse(Architecture, {**SMALL, **changes}, "")


@pytest.mark.parametrize(
    ("name", "channels", "parameters"),
    [
        ("dip", 3, 2_217_831),
        ("nas-dip-denoise", 3, 3_924_867),
        ("nas-dip-inpaint", 3, 10_710_531),
        ("nas-dip-inpaint", 1, 10_710_273),
        ("nas-dip-sr", 3, 3_512_835),
        ("deep-decoder", 3, 100_224),
    ],
)
def test_parameters_of_published_networks(
    plugins: Plugins, name: str, channels: int, parameters: int
) -> None:
    architecture = find_architecture(name, plugins).architecture
    assert cost_of(architecture, channels, (64, 64), plugins).parameters == parameters


def test_every_parameter_of_a_published_network_is_used(plugins: Plugins) -> None:
    network = assemble(find_architecture("nas-dip-denoise", plugins).architecture, 1, plugins)
    z = torch.rand(1, 32, 64, 64)
    network(z).mean().backward()
    assert [n for n, p in network.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize(
    ("name", "resample", "transform", "kernel"),
    [
        ("nas-dip-denoise", "nearest", "additive", 5),  # cell 158
        ("nas-dip-inpaint", "bicubic", "transposed-conv", 7),  # cell 86
        ("nas-dip-sr", "bicubic", "depth-wise", 5),  # cell 119
    ],
)
def test_released_cells(
    plugins: Plugins, name: str, resample: str, transform: str, kernel: int
) -> None:
    cell = find_architecture(name, plugins).architecture.cell
    assert (cell.resample, cell.transform, cell.kernel) == (resample, transform, kernel)
    assert (cell.activation, cell.order) == ("leaky-relu", "resample-first")


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("nas-dip-denoise", "1111101111001110001100001"),
        ("nas-dip-inpaint", "1100001100101100101100101"),
        ("nas-dip-sr", "1001011001011000011000011"),
        ("dip", "1000001000001000001000001"),
    ],
)
def test_released_patterns(plugins: Plugins, name: str, bits: str) -> None:
    matrix = residual_matrix(find_architecture(name, plugins).architecture, plugins)
    assert "".join(str(int(entry)) for row in matrix for entry in row) == bits


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (33, 50)])
@pytest.mark.parametrize("channels", [1, 5])
def test_any_size_and_channels(
    plugins: Plugins, name: str, size: tuple[int, int], channels: int
) -> None:
    architecture = find_architecture(name, plugins).architecture
    network = assemble(architecture, channels, plugins)
    z = torch.rand(1, architecture.input.channels, *network.input_size(size))
    picture = network(z, size)
    assert picture.shape == (1, channels, *size)
    assert torch.isfinite(picture).all()
    assert ((picture >= 0) & (picture <= 1)).all()


@pytest.mark.parametrize("levels", [1, 3, 5])
@pytest.mark.parametrize("resolution", [1, 2, 4])
def test_working_size_is_never_below_two_at_the_coarsest_level(
    plugins: Plugins, levels: int, resolution: int
) -> None:
    architecture = parse(
        Architecture, {"levels": levels, "working_resolution": resolution, "head": {}}, ""
    )
    network = assemble(architecture, 1, plugins)
    for side in (1, 2, 31, 100):
        height, width = network.input_size((side, 3 * side))
        assert min(height, width) >= 2 ** (levels + 1)
        assert height % 2**levels == width % 2**levels == 0
        assert height * resolution >= side
        assert width * resolution >= 3 * side


def test_inputs_of_any_size_are_padded_and_cropped_back(plugins: Plugins) -> None:
    network = assemble(small(), 3, plugins)
    assert network(torch.rand(2, 3, 13, 21)).shape == (2, 3, 13, 21)


def test_input_larger_than_the_picture_is_refused(plugins: Plugins) -> None:
    with pytest.raises(OptionError, match="too large"):
        assemble(small(), 3, plugins)(torch.rand(1, 3, 40, 40), (8, 8))


def test_same_seed_same_weights_and_the_global_stream_is_left_alone(plugins: Plugins) -> None:
    before = torch.random.get_rng_state()
    first, second, other = (assemble(small(), 3, plugins, seed=s) for s in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    for (name, a), b, c in zip(
        first.named_parameters(), second.parameters(), other.parameters(), strict=True
    ):
        assert torch.equal(a, b)
        assert "weight" not in name or a.dim() < 2 or not torch.equal(a, c)


def test_only_the_transitions_that_paths_use_are_built(plugins: Plugins) -> None:
    def transitions(matrix: list[list[int]]) -> tuple[list[str], list[str]]:
        residual = {"uses": "matrix", "with": {"matrix": matrix}}
        network = assemble(
            parse(Architecture, {"levels": 3, "skip": {"merge": "add"}, "residual": residual}, ""),
            3,
            plugins,
        )
        return sorted(network.paths.up), sorted(network.paths.down)

    assert transitions([[0, 0, 1], [0, 0, 0], [0, 0, 0]]) == (["2_to_1", "3_to_2"], [])
    assert transitions([[0, 0, 0], [0, 0, 0], [1, 0, 0]]) == ([], ["1_to_2", "2_to_3"])
    assert transitions([[1, 0, 0], [0, 1, 0], [0, 0, 1]]) == ([], [])
    assert transitions([[0, 1, 0], [1, 0, 0], [0, 0, 0]]) == (["2_to_1"], ["1_to_2"])


@pytest.mark.parametrize("merge", ["add", "concat"])
@pytest.mark.parametrize("destination", [0, 1, 2])
@pytest.mark.parametrize("source", [0, 1, 2])
def test_a_path_carries_its_source_to_its_destination(
    plugins: Plugins, merge: str, source: int, destination: int
) -> None:
    """The picture depends on the input through the path alone when the encoder's end is cut."""
    matrix = [[int((d, s) == (destination, source)) for s in range(3)] for d in range(3)]
    architecture = parse(
        Architecture,
        {
            "levels": 3,
            "norm": "none",
            "input": {"channels": 2},
            "encoder": {"widths": [3, 4, 5]},
            "decoder": {"widths": [6, 7, 8]},
            "skip": {"merge": merge, "widths": 2},
            "residual": {"uses": "matrix", "with": {"matrix": matrix}},
        },
        "",
    )
    # A signal that has come a long way is weak: doubles tell it from none.
    network = assemble(architecture, 1, plugins).double()
    draws = torch.Generator().manual_seed(0)
    with torch.no_grad():
        last = network.encoder[2]
        for parameter in last.parameters():
            parameter.zero_()
        inputs = [torch.rand(1, 2, 16, 16, generator=draws).double() for _ in range(2)]
        a, b = (network(z) for z in inputs)
    assert not torch.equal(a, b)


def test_without_any_path_and_end_the_input_does_not_matter(plugins: Plugins) -> None:
    network = assemble(small(norm="none", residual="none"), 1, plugins)
    with torch.no_grad():
        for parameter in network.encoder[1].parameters():
            parameter.zero_()
        a, b = (network(torch.rand(1, 3, 16, 16)) for _ in range(2))
    assert torch.equal(a, b)


@pytest.mark.parametrize("resample", ["bilinear", "depth-to-space", "transposed-conv", "carafe"])
@pytest.mark.parametrize("order", ["resample-first", "transform-first"])
@pytest.mark.parametrize("activation", ["none", "relu", "leaky-relu", "selu", "prelu"])
def test_cells_double_the_size_and_keep_the_channels(
    plugins: Plugins, resample: str, order: str, activation: str
) -> None:
    cell = Cell(resample=resample, transform="conv", activation=activation, order=order)
    built = UpsamplingCell(cell, 8, plugins)
    assert built(torch.rand(1, 8, 3, 5)).shape == (1, 8, 6, 10)
    assert len(built.steps) == (2 if activation == "none" else 4)


def test_an_identity_transform_is_activated_once(plugins: Plugins) -> None:
    built = UpsamplingCell(Cell(activation="relu"), 8, plugins)
    assert [type(step).__name__ for step in built.steps] == ["Bilinear", "ReLU"]


def test_a_transform_before_depth_to_space_widens_fourfold(plugins: Plugins) -> None:
    cell = Cell(resample="depth-to-space", transform="conv", kernel=1, order="transform-first")
    built = UpsamplingCell(cell, 8, plugins)
    assert sum(p.numel() for p in built.parameters()) == 8 * 32


@pytest.mark.parametrize(
    "cell",
    [
        Cell(resample="depth-to-space", transform="identity"),
        Cell(resample="depth-to-space", transform="depth-wise"),
        Cell(resample="depth-to-space", transform="depth-wise", order="transform-first"),
    ],
)
def test_cells_that_cannot_be_built(plugins: Plugins, cell: Cell) -> None:
    with pytest.raises(OptionError, match="cannot be built for 128 channels"):
        UpsamplingCell(cell, 128, plugins)


def test_every_level_has_its_own_cell(plugins: Plugins) -> None:
    network = assemble(small(cell={"transform": "conv"}), 1, plugins)
    cells = [module for module in network.modules() if isinstance(module, UpsamplingCell)]
    assert len(cells) == 2
    assert len({id(next(cell.parameters())) for cell in cells}) == 2


def test_block_order(plugins: Plugins) -> None:
    network = assemble(small(block="conv-act-norm"), 1, plugins)
    block = network.encoder[0][0]
    assert isinstance(block, nn.Sequential)
    assert [type(layer).__name__ for layer in block] == ["Convolution", "LeakyReLU", "BatchNorm2d"]


def test_running_statistics_are_never_used(plugins: Plugins) -> None:
    network = assemble(small(), 1, plugins)
    z = torch.rand(1, 3, 16, 16)
    assert torch.equal(network.train()(z), network.eval()(z))


def test_activations_of_a_block_work_in_place_where_their_result_is_all_they_need(
    plugins: Plugins,
) -> None:
    for name, in_place in (("relu", True), ("leaky-relu", True), ("silu", False), ("prelu", False)):
        block = assemble(small(activation=name), 1, plugins).encoder[0][0]
        assert getattr(block[2], "inplace", False) is in_place


@pytest.mark.parametrize("merge", ["add", "concat"])
def test_a_learnt_cell_on_a_path_of_its_own_takes_the_width_that_comes(
    plugins: Plugins, merge: str
) -> None:
    """Level 3 is added to level 1, and crosses level 2 with the channels that it has."""
    architecture = small(
        levels=3,
        encoder={"widths": [8, 16, 24]},
        decoder={"widths": 8},
        skip={"merge": merge, "widths": 2},
        cell={"transform": "conv"},
        residual={"uses": "offsets", "with": {"offsets": [2]}},
    )
    network = assemble(architecture, 1, plugins)
    assert network(torch.rand(1, 3, 32, 32)).shape == (1, 1, 32, 32)
    assert cost_of(architecture, 1, (32, 32), plugins).macs > 0


def test_without_biases_no_convolution_outside_the_cell_has_one(plugins: Plugins) -> None:
    architecture = small(
        bias=False,
        encoder={"widths": [8, 16]},
        decoder={"widths": [24, 32]},
        skip={"merge": "add", "widths": 2},
        residual={"uses": "offsets", "with": {"offsets": [0, 1]}},
    )
    network = assemble(architecture, 1, plugins)
    convolutions = {n: m for n, m in network.named_modules() if isinstance(m, nn.Conv2d)}
    assert any(name.startswith("join") for name in convolutions)
    assert [name for name, module in convolutions.items() if module.bias is not None] == []


@pytest.mark.parametrize("made", [None, 3, [[True]], [True, False], torch.eye(2)[None]])
def test_a_pattern_that_is_no_matrix_is_told(
    made: object, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nasdip_searchspaces.residual.none.pattern", lambda levels: made)
    with pytest.raises(PluginError, match="residual 'none' gave no 2 x 2 matrix"):
        residual_matrix(Architecture(levels=2, residual=Use(uses="none")), plugins)
