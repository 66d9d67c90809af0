"""Architectures as data: validation, YAML round trip, named ones."""

import importlib
from pathlib import Path

import pytest
import yaml

from nasdip_core.architecture.named import change, find_architecture, to_yaml
from nasdip_core.architecture.specification import Architecture, Use
from nasdip_core.errors import OptionError, PluginError
from nasdip_core.fit.options import FitOptions
from nasdip_core.options import merge, parse
from nasdip_core.plugins import Plugins


def test_a_built_in_named_with_its_distribution_is_known() -> None:
    values = {"cell": {"transform": "nasdip:identity"}, "residual": "nasdip:none", "encoder": None}
    assert parse(Architecture, values, "architecture").cell.transform == "identity"


def test_one_width_serves_all_levels() -> None:
    architecture = parse(Architecture, {"levels": 3, "encoder": {"widths": 16}}, "")
    assert architecture.encoder is not None
    assert architecture.encoder.widths == (16, 16, 16)
    assert architecture.skip.widths == (4, 4, 4)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"levels": 0}, "levels"),
        ({"levels": 2, "encoder": {"widths": [3]}}, "encoder.widths has 1 entries for 2 levels"),
        ({"encoder": None}, "residual must be none"),
        ({"working_resolution": 2}, "needs a head"),
        ({"input": {"kind": "grid"}}, "a grid input has 2 channels"),
        ({"cell": {"kernel": 4}}, "cell.kernel"),
        ({"normm": "batch"}, "did you mean 'norm'"),
        ({"skip": {"widths": [4, 8, 0, 1, 1]}}, "skip.widths"),
    ],
)
def test_inconsistent_architectures_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        parse(Architecture, values, "architecture")


def test_architectures_are_frozen_and_hashable_data() -> None:
    assert Architecture() == Architecture()
    with pytest.raises(ValueError, match="frozen"):
        Architecture().levels = 3  # type: ignore[misc]


def test_every_named_architecture_reads_writes_and_has_valid_fit_options(plugins: Plugins) -> None:
    found = plugins.registrations("architecture")
    assert len(found) >= 8
    for registration in found:
        named = find_architecture(registration.offer.name, plugins)
        again = yaml.safe_load(to_yaml(named))
        assert parse(type(named), again, "") == named
        assert named.summary
        assert named.source
        for task in ("denoise", "inpaint", "super-resolution"):
            options = parse(FitOptions, named.fit_options(task), "fit")
            plugins.find("stopping", options.stopping.uses)


def test_original_fit_options_of_dip(plugins: Plugins) -> None:
    dip = find_architecture("dip", plugins)
    denoise = parse(FitOptions, dip.fit_options("denoise"), "")
    assert (denoise.steps, denoise.lr, denoise.averaging) == (3000, 0.01, 0.99)
    assert denoise.jitter == pytest.approx(1 / 30, abs=1e-4)
    inpaint = parse(FitOptions, dip.fit_options("inpaint"), "")
    assert (inpaint.steps, inpaint.lr, inpaint.averaging) == (11000, 0.001, 0)
    sr = parse(FitOptions, dip.fit_options("super-resolution"), "")
    assert (sr.steps, sr.lr, sr.jitter) == (2000, 0.01, 0.03)


def test_a_file_is_read_as_a_pipeline_is(plugins: Plugins, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("architecture: {levels: 2}\nfit: {lr: 1e-5}\n")
    assert find_architecture(str(path), plugins).fit == {"lr": 0.00001}
    path.write_text("architecture: {levels: 2}\nfit: {lr: 1.0, lr: 2.0}\n")
    with pytest.raises(OptionError, match="key 'lr' stands here twice"):
        find_architecture(str(path), plugins)


def test_a_file_is_an_architecture(plugins: Plugins, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("architecture: {levels: 2}\nfit: {steps: 7}\n")
    named = find_architecture(str(path), plugins)
    assert (named.name, named.architecture.levels, named.fit) == ("mine", 2, {"steps": 7})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: [1", "no valid YAML"),
        ("- 1", "holds no architecture"),
        ("architecture: {x: 1}", "'.*x'"),
    ],
)
def test_bad_files(plugins: Plugins, tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(content)
    with pytest.raises(OptionError, match=message):
        find_architecture(str(path), plugins)


def test_unknown_names_and_files(plugins: Plugins, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="did you mean 'dip'"):
        find_architecture("dipp", plugins)
    with pytest.raises(PluginError, match="cannot read architecture file"):
        find_architecture(str(tmp_path / "none.yaml"), plugins)


def test_changes_keep_the_rest(plugins: Plugins) -> None:
    dip = find_architecture("dip", plugins)
    changed = change(dip, {"levels": 3, "cell": {"resample": "nearest"}})
    assert changed.architecture.levels == 3
    assert changed.architecture.encoder is not None
    assert changed.architecture.encoder.widths == (128,) * 3
    assert changed.architecture.cell.resample == "nearest"
    assert changed.fit == dip.fit
    assert change(dip, {}) is dip
    with pytest.raises(OptionError, match=r"architecture\.cell\.kernal"):
        change(dip, {"cell": {"kernal": 3}})


def test_a_plugin_by_name_alone() -> None:
    assert parse(Use, {"uses": "offsets", "with": {"offsets": [0]}}, "").with_ == {"offsets": [0]}
    architecture = parse(Architecture, {"residual": "none"}, "")
    assert architecture.residual == Use(uses="none")
    assert merge({"residual": "none"}, {"residual": "same-level"}) == {"residual": "same-level"}


def test_a_file_may_name_the_network_of_another(plugins: Plugins, tmp_path: Path) -> None:
    for name in ("mine", "dip"):
        path = tmp_path / f"{name}.yaml"
        path.write_text("architecture: dip\nfit: {steps: 7}\n")
        mine = find_architecture(str(path), plugins)
        assert mine.name == name
        assert mine.architecture == find_architecture("dip", plugins).architecture
        assert mine.fit == {"steps": 7}
    path.write_text("architecture: dpi\n")
    with pytest.raises(PluginError, match="unknown architecture 'dpi'; did you mean 'dip'"):
        find_architecture(str(path), plugins)


def test_an_offer_may_not_name_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "guest_of_names"
    package.mkdir()
    (package / "round.yaml").write_text("architecture: round\n")
    (package / "__init__.py").write_text(
        "from nasdip_core import Offer, hookimpl\n\n"
        "@hookimpl\n"
        "def nasdip_offers():\n"
        "    return [Offer('architecture', 'round', 's', resource='guest_of_names:round.yaml')]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = Plugins()
    plugins.add(importlib.import_module("guest_of_names"), "main", "guest")
    with pytest.raises(OptionError, match="'round' names itself"):
        find_architecture("round", plugins)
