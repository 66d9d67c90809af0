"""The points of the spaces, counted and compared: none is there twice, each can be built."""

from math import prod
from typing import Any

import pytest
import torch
from torch import Tensor

from nasdip_core.architecture.assemble import assemble
from nasdip_core.architecture.cell import UpsamplingCell
from nasdip_core.architecture.named import find_architecture
from nasdip_core.architecture.pattern import residual_matrix
from nasdip_core.architecture.specification import Architecture, Cell
from nasdip_core.errors import OptionError
from nasdip_core.options import merge
from nasdip_core.plugins import Plugins
from nasdip_core.space import Choice, SearchSpace

PLUGINS = Plugins.discover()
COMPACT: SearchSpace = PLUGINS.create("space", "compact")
NAS_DIP_CELL: SearchSpace = PLUGINS.create("space", "nas-dip-cell", proxy_width=32)


def points(space: SearchSpace, *prefixes: str) -> list[dict[str, Choice]]:
    """Return all ways to make the decisions whose names begin so, by their open choices."""
    found: list[dict[str, Choice]] = [{}]
    for decision in space.decisions:
        if decision.name.startswith(prefixes):
            found = [
                {**made, decision.name: choice}
                for made in found
                for choice in space.allowed(decision, made)
            ]
    return found


def cells(space: SearchSpace) -> list[Cell]:
    """Return every cell of a space."""
    return [
        Cell.model_validate({name.removeprefix("cell."): choice for name, choice in point.items()})
        for point in points(space, "cell.")
    ]


CELLS = cells(NAS_DIP_CELL)
SMALL: dict[str, Choice] = {
    **{decision.name: decision.choices[0] for decision in COMPACT.decisions},
    "input.channels": 8,
    "growth": 16,
    "cell.transform": "separable",
}
"""What is left of a point of compact beside its connections."""


def outcome(cell: Cell, channels: int = 16, size: int = 7) -> Tensor:
    """Return what a cell makes of features; its weights are drawn in their order, by one seed."""
    with torch.device("meta"):
        module = UpsamplingCell(cell, channels, PLUGINS)
    module.to_empty(device="cpu").double()
    draws = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        drawn = torch.randn(parameter.shape, generator=draws, dtype=torch.float64)
        parameter.data = drawn / parameter[0].numel() ** 0.5
    features = torch.randn(1, channels, size, size, generator=draws, dtype=torch.float64)
    output: Tensor = module(features)
    return output.detach()


def test_cells_are_as_many_as_the_rules_say() -> None:
    reach = 1 + 3 * 3  # kernel 1, or three kernels by three dilations
    interpolated = 3 * (4 * reach * 5 + reach * 4 + 5)
    woven = 3 * reach * 5 * 2 + reach * (5 + 4)
    stretched = reach * 5
    assert NAS_DIP_CELL.size == len(CELLS) == interpolated + woven + stretched == 1175


def test_no_cell_is_there_twice() -> None:
    """Equal weights give another outcome for each, so none is another one in disguise."""
    outcomes = {tuple(outcome(cell).flatten()[::5].mul(1e9).round().tolist()) for cell in CELLS}
    assert len(outcomes) == len(CELLS)


def test_what_does_not_matter_does_not_matter() -> None:
    """Where a choice is the only one open, the others would have made the same cell."""
    tried = 0
    for cell in CELLS[::7]:
        for field, choices in (("kernel", (1, 5)), ("dilation", (2, 3))):
            idle = field == "dilation" and cell.kernel == 1
            if idle or (cell.resample == "bilinear" and cell.transform == "identity"):
                for choice in choices:
                    other = cell.model_copy(update={field: choice})
                    assert torch.equal(outcome(other), outcome(cell))
                    tried += 1
    assert tried > 20


@pytest.mark.parametrize("width", [16, 32, 128])
def test_every_cell_can_be_built(width: int) -> None:
    with torch.device("meta"):
        for cell in CELLS:
            UpsamplingCell(cell, width, PLUGINS)


@pytest.mark.parametrize("width", range(16, 225, 16))
def test_every_cell_of_compact_can_be_built(width: int) -> None:
    found = cells(COMPACT)
    assert len(found) == 3 * (3 + 3 * 4 * 3) + 2 * 4 * 3 * 2 == 165
    with torch.device("meta"):
        for cell in found:
            UpsamplingCell(cell, width, PLUGINS)


@pytest.mark.parametrize(
    ("resample", "transform", "order"),
    [
        ("depth-to-space", "depth-wise", "resample-first"),
        ("depth-to-space", "depth-wise", "transform-first"),
        ("depth-to-space", "identity", "resample-first"),
        ("depth-to-space", "identity", "transform-first"),
    ],
)
def test_what_is_ruled_out_cannot_be_built(resample: str, transform: str, order: str) -> None:
    cell = Cell.model_validate({"resample": resample, "transform": transform, "order": order})
    with pytest.raises(OptionError, match="cannot be built"):
        UpsamplingCell(cell, 32, PLUGINS)


def tiny(name: str, **over: Any) -> Architecture:
    """Return a named network of two narrow levels."""
    small = {"levels": 2, "encoder": {"widths": (16, 16)}, "decoder": {"widths": (16, 16)}}
    content = find_architecture(name, PLUGINS).architecture.model_dump(by_alias=True)
    content["skip"]["widths"] = content["skip"]["widths"][:2]
    return Architecture.model_validate(merge(merge(content, small), over))


@pytest.mark.parametrize("resample", ["bilinear", "depth-to-space"])
def test_a_bias_that_is_normalised_away_makes_no_other_network(resample: str) -> None:
    """Why `transposed-conv` must not end a cell without an activation: it is `conv` then."""
    z = torch.rand(1, 32, 16, 16, generator=torch.Generator().manual_seed(0)).double()
    networks = [
        assemble(
            tiny("dip", cell={"resample": resample, "transform": transform}), 3, PLUGINS
        ).double()
        for transform in ("conv", "transposed-conv")
    ]
    state = networks[0].state_dict()
    flipped = {
        name: value.transpose(0, 1).flip(-2, -1) if name.startswith("up.") else value
        for name, value in state.items()
    }
    networks[1].load_state_dict(flipped, strict=False)
    first, second = (network(z) for network in networks)
    torch.testing.assert_close(first, second, rtol=0, atol=1e-9)


def test_instance_normalisation_is_batch_normalisation_of_one_picture() -> None:
    """Why `compact` has only one of them."""
    z = torch.rand(1, 32, 16, 16, generator=torch.Generator().manual_seed(0))
    networks = [
        assemble(tiny("balanced-denoise", norm=norm), 3, PLUGINS) for norm in ("batch", "instance")
    ]
    networks[1].load_state_dict(networks[0].state_dict())
    torch.testing.assert_close(networks[0](z), networks[1](z))


def test_patterns_are_as_many_as_the_rules_say() -> None:
    pattern = PLUGINS.create("space", "nas-dip-pattern", proxy_width=32, cell={})
    found = {pattern.decode(point).model_dump_json() for point in points(pattern, "")}
    assert pattern.size == len(found) == 2**9


def test_the_large_spaces_are_as_large_as_the_rules_say() -> None:
    shared = PLUGINS.create("space", "nas-dip", proxy_width=32)
    free = PLUGINS.create("space", "nas-dip-free", proxy_width=32)
    assert shared.size == len(CELLS) * 2**9 == 601_600
    assert free.size == len(CELLS) * 2**25 == 39_426_457_600
    assert len(points(shared, "offset")) == 2**9


def test_compact_is_as_large_as_the_rules_say() -> None:
    # skip widths (finest, coarser) of which one at least is not 0, and the offsets that matter
    concatenated = 3 * 2 + 3 * 4 + 3 * 3 * 4
    added = 1 * 2 + 1 * 4 + 1 * 4
    connections = 4 * (1 + concatenated + added)
    inputs = 2 * 3 + 1
    choices = {decision.name: len(decision.choices) for decision in COMPACT.decisions}
    rest = ("working_resolution", "width", "growth", "norm", "activation", "head.width",
            "head.convolutions")  # fmt: skip
    product_of_parts = connections * inputs * len(cells(COMPACT)) * prod(choices[r] for r in rest)
    assert COMPACT.size == product_of_parts == 389_188_800
    assert len(points(COMPACT, "levels", "skip", "offset")) == connections


def test_no_connections_of_compact_are_there_twice() -> None:
    """By what the network is built of: the matrix, and the widths of what is concatenated."""
    found = set()
    for point in points(COMPACT, "levels", "skip", "offset"):
        architecture = COMPACT.decode({**SMALL, **point})
        matrix = residual_matrix(architecture, PLUGINS)
        widths = [
            width if any(row) and architecture.skip.merge == "concat" else 0
            for width, row in zip(architecture.skip.widths, matrix, strict=True)
        ]
        merge = architecture.skip.merge if any(map(any, matrix)) else "none"
        found.add(str((architecture.levels, merge, widths, matrix)))
    assert len(found) == len(points(COMPACT, "levels", "skip", "offset"))


def test_all_connections_of_compact_run() -> None:
    """With a learnt cell, and with levels that are wider the coarser they are."""
    z = torch.rand(1, 8, 16, 16, generator=torch.Generator().manual_seed(0))
    run = 0
    for point in points(COMPACT, "levels", "skip", "offset"):
        if point["levels"] == 3:
            network = assemble(COMPACT.decode({**SMALL, **point}), 3, PLUGINS)
            with torch.no_grad():
                assert network(z).shape == (1, 3, 16, 16)
            run += 1
    assert run == 65
