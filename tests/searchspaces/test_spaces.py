"""The search spaces: the contract, the sizes, what they hold and what they refuse."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasdip_core.architecture.named import find_architecture
from nasdip_core.architecture.specification import Architecture
from nasdip_core.errors import OptionError
from nasdip_core.options import merge, parse
from nasdip_core.plugins import Plugins
from nasdip_core.space import Choice, InfeasibleError, SearchSpace
from nasdip_core.testing import SpaceConformance
from nasdip_searchspaces.space.sameness import plain

PLUGINS = Plugins.discover()
LEARNT = {"transform": "additive", "kernel": 5, "activation": "prelu"}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("compact", {}),
    ("nas-dip", {}),
    ("nas-dip-cell", {"proxy_width": 16}),
    ("nas-dip-free", {}),
    ("nas-dip-pattern", {}),
    ("nas-dip-pattern", {"cell": LEARNT, "proxy_width": None}),
]


def make(name: str, **values: Any) -> SearchSpace:
    """Return a space as a search makes it: from plain values."""
    registration = PLUGINS.find("space", name)
    model = registration.options()
    options = {} if model is None else parse(model, values, "").model_dump(mode="json")
    space: SearchSpace = registration.resolve()(**options)
    return space


SPACES = [make(name, **values) for name, values in CASES]


def network(name: str, **over: Any) -> Architecture:
    """Return a named network, some of its fields replaced."""
    named = find_architecture(name, PLUGINS).architecture
    return Architecture.model_validate(merge(named.model_dump(by_alias=True), over))


def test_all_are_tested() -> None:
    own = [r for r in PLUGINS.registrations("space") if r.distribution == "nasdip"]
    assert [r.offer.name for r in own] == sorted({name for name, _ in CASES})


class TestBuiltIns(SpaceConformance):
    built = 2

    @pytest.fixture(params=SPACES, ids=[str(case) for case in CASES])
    def space(self, request: pytest.FixtureRequest) -> SearchSpace:
        found: SearchSpace = request.param
        return found


@st.composite
def points(draw: st.DrawFn) -> tuple[SearchSpace, dict[str, Choice]]:
    """Return a space and a walk through its open choices."""
    space = draw(st.sampled_from(SPACES))
    made: dict[str, Choice] = {}
    for decision in space.decisions:
        made[decision.name] = draw(st.sampled_from(list(space.allowed(decision, made))))
    return space, made


@given(points())
@settings(max_examples=200, deadline=None)
def test_a_point_comes_back_from_its_network(point: tuple[SearchSpace, dict[str, Choice]]) -> None:
    space, choices = point
    architecture = space.decode(choices)
    assert space.encode(architecture) == choices
    assert space.decode(space.encode(architecture)) == architecture
    written = json.loads(architecture.model_dump_json(by_alias=True))
    assert space.encode(Architecture.model_validate(written)) == choices


@st.composite
def tellings(draw: st.DrawFn) -> tuple[SearchSpace, dict[str, Choice]]:
    """Return a space and any choice a decision, as a sampler that knows no masks makes them."""
    space = draw(st.sampled_from(SPACES))
    return space, {d.name: draw(st.sampled_from(d.choices)) for d in space.decisions}


@given(tellings())
@settings(max_examples=200, deadline=None)
def test_what_is_canonical_stays_so(telling: tuple[SearchSpace, dict[str, Choice]]) -> None:
    space, choices = telling
    try:
        canonical = space.canonical(choices)
    except InfeasibleError:
        return
    assert space.canonical(canonical) == canonical
    assert json.loads(json.dumps(canonical)) == canonical
    assert space.encode(space.decode(canonical)) == canonical


@pytest.mark.parametrize("space", ["nas-dip", "nas-dip-free"])
@pytest.mark.parametrize("name", ["nas-dip-denoise", "nas-dip-inpaint", "nas-dip-sr"])
def test_the_released_networks_are_points(space: str, name: str) -> None:
    made = make(space)
    assert made.decode(made.encode(network(name))) == network(name)


def test_the_released_networks_are_points_of_the_pattern_with_their_cell() -> None:
    for name in ("nas-dip-denoise", "nas-dip-inpaint", "nas-dip-sr"):
        made = make("nas-dip-pattern", cell=network(name).cell.model_dump())
        assert made.decode(made.encode(network(name))) == network(name)


def test_the_choices_of_the_released_network_for_inpainting() -> None:
    choices = make("nas-dip").encode(network("nas-dip-inpaint"))
    assert {name for name, choice in choices.items() if choice is True} == {
        "offset-2", "offset+0", "offset+1",
    }  # fmt: skip
    assert [choice for choice in choices.values() if not isinstance(choice, bool)] == [
        "bicubic", "transposed-conv", 7, 1, "leaky-relu", "resample-first",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("nas-dip-denoise", "1111101111001110001100001"),
        ("nas-dip-inpaint", "1100001100101100101100101"),
        ("nas-dip-sr", "1001011001011000011000011"),
    ],
)
def test_the_free_space_has_the_25_bits_of_the_released_code(name: str, bits: str) -> None:
    choices = make("nas-dip-free").encode(network(name))
    told = [choice for name, choice in choices.items() if name.startswith("source-")]
    assert "".join(str(int(choice)) for choice in told) == bits


def test_the_skip_network_is_a_point_of_the_cell() -> None:
    made = make("nas-dip-cell")
    assert made.decode(made.encode(network("dip"))) == network("dip")


@pytest.mark.parametrize(
    "name", ["balanced-denoise", "balanced-inpaint", "balanced-super-resolution"]
)
def test_the_presets_are_points_of_compact(name: str) -> None:
    made = make("compact")
    assert plain(made.decode(made.encode(network(name)))) == plain(network(name))


def test_a_pattern_may_be_told_in_any_way() -> None:
    written = {
        "uses": "matrix",
        "with": {"matrix": [[s - d == 1 for s in range(5)] for d in range(5)]},
    }
    shared = {"uses": "offsets", "with": {"offsets": [1, 1]}}
    for space in ("nas-dip", "nas-dip-free"):
        first, second = (
            make(space).encode(network("nas-dip-sr", residual=residual))
            for residual in (written, shared)
        )
        assert first == second
        assert sum(choice is True for choice in first.values()) == (1 if space == "nas-dip" else 4)


@pytest.mark.parametrize(
    ("pattern", "uses"),
    [
        ({"offset+0"}, "same-level"),
        (set(), "none"),
        ({"offset-2", "offset+1"}, "offsets"),
    ],
)
def test_a_pattern_is_told_in_the_shortest_way(pattern: set[str], uses: str) -> None:
    space = make("nas-dip-pattern")
    choices = {d.name: d.name in pattern for d in space.decisions}
    assert space.decode(choices).residual.uses == uses


@pytest.mark.parametrize(
    ("space", "base", "over", "message"),
    [
        ("nas-dip", "dip", {}, "architecture.decoder.convolutions = 1 is not.*it would be 2"),
        ("nas-dip", "nas-dip-sr", {"activation": "relu"}, "architecture.activation = 'relu'"),
        ("nas-dip", "nas-dip-sr", {"cell": {"resample": "carafe"}}, "cell.resample.*'carafe'"),
        ("nas-dip", "nas-dip-sr", {"cell": {"order": "transform-first"}}, "cell.order"),
        ("nas-dip", "nas-dip-sr", {"residual": {"uses": "other"}}, "residual.uses = 'other'"),
        (
            "nas-dip",
            "nas-dip-sr",
            {"residual": {"uses": "matrix", "with": {"matrix": [[0, 1, 0, 0, 0]] * 5}}},
            "architecture.residual.uses = 'matrix' .* 'offsets'",
        ),
        (
            "nas-dip-cell",
            "dip",
            {"cell": {"resample": "transposed-conv", "transform": "conv"}},
            "architecture.cell.transform = 'conv'",
        ),
        ("nas-dip-cell", "dip", {"skip": {"widths": (4, 4, 4, 4, 8)}}, "architecture.skip.widths"),
        ("nas-dip-pattern", "nas-dip-sr", {}, "architecture.cell.resample = 'bicubic'"),
        ("nas-dip-free", "balanced-denoise", {}, "architecture.levels = 3"),
        ("compact", "dip", {}, "architecture.head = None"),
        ("compact", "deep-decoder", {}, "'input.channels' = 128"),
        ("compact", "balanced-denoise", {"norm": "instance"}, "norm.*'instance'"),
        ("compact", "balanced-denoise", {"bias": True}, "architecture.bias = True"),
        ("compact", "balanced-denoise", {"skip": {"widths": (4, 8, 16)}}, "skip.widths"),
        ("compact", "balanced-denoise", {"encoder": {"widths": (32, 32, 48)}}, "encoder.widths"),
    ],
)
def test_what_is_no_point_is_refused_by_name(
    space: str, base: str, over: dict[str, Any], message: str
) -> None:
    with pytest.raises(InfeasibleError, match=message):
        make(space).encode(network(base, **over))


def test_the_search_narrows_the_released_width_and_nothing_else() -> None:
    full = network("nas-dip-sr")
    narrow = {"widths": (32,) * 5}
    expected = network("nas-dip-sr", encoder=narrow, decoder=narrow, skip=narrow)
    assert make("nas-dip").proxy(full) == expected
    assert make("nas-dip", proxy_width=None).proxy(full) == full
    assert make("nas-dip-cell").proxy(network("dip")).skip == network("dip").skip
    assert make("compact").proxy(full) == full


@pytest.mark.parametrize("width", [8, 40, 256])
def test_a_width_that_not_every_cell_can_have_is_refused(width: int) -> None:
    with pytest.raises(OptionError, match="proxy_width"):
        make("nas-dip", proxy_width=width)
