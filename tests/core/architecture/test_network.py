"""Networks that are no U-Net: from YAML and changes to a fit, with the toys of a guest."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from pydantic import Field
from torch import Tensor, nn

from nasdip_core.architecture.assemble import assemble
from nasdip_core.architecture.cost import cost_of
from nasdip_core.architecture.named import NamedArchitecture, change, find_architecture, to_yaml
from nasdip_core.architecture.network import Network
from nasdip_core.architecture.specification import Architecture, PluginNetwork
from nasdip_core.errors import OptionError, PluginError
from nasdip_core.hooks import Offer, hookimpl
from nasdip_core.options import Options, parse
from nasdip_core.pipeline.api import restore
from nasdip_core.plugins import Plugins
from nasdip_core.weights import network_of, save_weights

COARSE = {"uses": "coarse", "with": {"width": 3}}


class CoarseOptions(Options):
    """Its size."""

    width: int = Field(default=4, description="channels")


class Coarse(Network):
    """Works at half of the size."""

    def __init__(self, in_channels: int, out_channels: int, *, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, width, 1), nn.ReLU(), nn.Conv2d(width, out_channels, 1)
        )

    def input_size(self, size: tuple[int, int]) -> tuple[int, int]:
        return (size[0] + 1) // 2, (size[1] + 1) // 2

    def forward(self, z: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        height, width = size or (2 * z.shape[-2], 2 * z.shape[-1])
        picture: Tensor = nn.functional.interpolate(self.layers(z), scale_factor=2)
        return picture[..., :height, :width]


def nothing(in_channels: int, out_channels: int) -> nn.Module:
    return nn.Conv2d(in_channels, out_channels, 1)


@pytest.fixture
def guests() -> Plugins:
    """The built-ins, a network, and something that is called one."""

    @hookimpl
    def nasdip_offers() -> list[Offer]:
        return [
            Offer(
                "network",
                "coarse",
                "toy",
                factory=f"{__name__}:Coarse",
                options=f"{__name__}:CoarseOptions",
                api=(1, 1),
            ),
            Offer("network", "nothing", "toy", factory=f"{__name__}:nothing", api=(1, 1)),
        ]

    plugins = Plugins.discover()
    module = ModuleType("toys")
    module.nasdip_offers = nasdip_offers  # type: ignore[attr-defined]
    assert __name__ in sys.modules
    assert plugins.add(module, "toys", "toys").state == "loaded"
    return plugins


def named(network: object) -> NamedArchitecture:
    return parse(NamedArchitecture, {"name": "toy", "architecture": network}, "")


def test_the_key_uses_tells_a_plugin_from_a_unet() -> None:
    assert isinstance(named(COARSE).architecture, PluginNetwork)
    assert named(COARSE).architecture.input.channels == 2
    assert isinstance(named({"levels": 2}).architecture, Architecture)


def test_reads_back_what_it_writes(tmp_path: Path) -> None:
    file = tmp_path / "toy.yaml"
    file.write_text(to_yaml(named(COARSE)), encoding="utf-8")
    assert find_architecture(str(file), Plugins()) == named(COARSE)


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ({"with": {"width": 9}}, {"uses": "coarse", "with": {"width": 9}}),
        ({"uses": "siren"}, {"uses": "siren"}),
        ({"uses": "coarse"}, COARSE),
    ],
)
def test_changes_keep_what_they_do_not_name(over: dict[str, object], expected: object) -> None:
    assert change(named(COARSE), over).architecture == named(expected).architecture


def test_a_unet_is_swapped_for_a_plugin() -> None:
    changed = change(named({"levels": 2}), {"uses": "siren"})
    assert changed.architecture == named({"uses": "siren"}).architecture


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"uses": "coarse", "levels": 2}, r"unknown option 'architecture\.levels'"),
        ({"levels": 0}, r"option 'architecture\.levels' = 0"),
        ({"uses": "coarse", "input": {"scale": 0}}, r"option 'architecture\.input\.scale' = 0"),
    ],
)
def test_a_bad_field_is_named_as_it_was_written(network: object, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        named(network)


def test_is_assembled_from_its_seed_and_counted(guests: Plugins) -> None:
    architecture = named(COARSE).architecture
    first, again = (assemble(architecture, 3, guests, seed=4) for _ in range(2))
    assert all((a == b).all() for a, b in zip(first.parameters(), again.parameters(), strict=True))
    cost = cost_of(architecture, 3, (6, 8), guests)
    assert cost.parameters == (2 * 3 + 3) + (3 * 3 + 3)
    assert cost.macs == (2 * 3 + 3 * 3) * 3 * 4


def test_bad_options_and_what_is_no_network_are_refused(guests: Plugins) -> None:
    with pytest.raises(OptionError, match=r"architecture\.with\.widht'; did you mean 'width'"):
        assemble(named({"uses": "coarse", "with": {"widht": 3}}).architecture, 3, guests)
    with pytest.raises(PluginError, match="made a Conv2d; derive it from nasdip_core"):
        assemble(named({"uses": "nothing"}).architecture, 3, guests)
    with pytest.raises(PluginError, match="'siren'"):
        assemble(named({"uses": "sirem"}).architecture, 3, guests)


def test_is_fitted_like_a_unet(guests: Plugins, tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (9, 7), dtype=np.uint8)
    options = {"fit.steps": 3, "fit.stopping": "fixed", "fit.jitter": 0}
    arch = {"name": "toy", "architecture": {"uses": "coarse"}}
    first, again = (
        restore(picture, "denoise", arch=arch, options=options, output=out, plugins=guests)
        for out in (tmp_path / "out", None)
    )
    assert (first.picture.colour == again.picture.colour).all()
    document = (tmp_path / "out" / "pipeline.yaml").read_text(encoding="utf-8")
    assert "uses: coarse" in document
    assert "width: 4" in document, "every default is spelt out"
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert 'id="networks"' not in page


def test_a_guide_needs_room_in_the_input(guests: Plugins) -> None:
    arch = {"name": "toy", "architecture": COARSE}
    options = {"recipe.guide": "biharmonic", "corrupt.missing": 0.5, "fit.steps": 2}
    with pytest.raises(OptionError, match="no room for a guide"):
        restore("sample:camera", "inpaint", arch=arch, options=options, plugins=guests)


def test_a_guide_lies_beside_the_coordinates(guests: Plugins) -> None:
    siren = {"uses": "siren", "with": {"width": 8, "layers": 1}}
    picture = np.random.default_rng(0).integers(0, 256, (24, 20), dtype=np.uint8)
    options = {"recipe.guide": "collaborative", "task.sigma": 20, "fit.steps": 2, "fit.jitter": 0}
    arch = {"name": "toy", "architecture": siren}
    restored = restore(picture, "denoise", arch=arch, options=options, plugins=guests)
    assert restored.picture.tensor().shape == (1, 1, 24, 20)


def test_weights_tell_which_network_they_are_of(tmp_path: Path, guests: Plugins) -> None:
    network = assemble(named(COARSE).architecture, 3, guests)
    save_weights(tmp_path / "w.safetensors", network.state_dict(), named(COARSE), "translate")
    assert network_of(tmp_path / "w.safetensors", "translate") == named(COARSE)
