"""What pages list is what the code has: hooks, kinds, options, exit codes, results."""

import importlib.util
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pages import PAGES, ROOT, rows

import nasdip_core
from nasdip_core.architecture.cost import cost_of
from nasdip_core.architecture.named import NamedArchitecture, find_architecture
from nasdip_core.architecture.specification import Architecture, Encoder, Head
from nasdip_core.errors import ExitCode
from nasdip_core.fit.events import (
    FitEnded,
    FitStarted,
    RefineDone,
    RefineStarted,
    Rewound,
    StepDone,
)
from nasdip_core.fit.options import FitOptions
from nasdip_core.hooks import API_VERSION, KINDS, BehaviourSpecs, Offer, OfferSpecs
from nasdip_core.imaging.samples import sample_names
from nasdip_core.options import fields_of
from nasdip_core.plugins import Plugins
from nasdip_core.recipe import RecipeOptions
from nasdip_core.registration import OWN_DISTRIBUTION


def test_the_reference_is_what_the_code_says(plugins: Plugins) -> None:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    assert maker.reference(plugins) == PAGES["reference"], "run python docs/make_reference.py"


def test_every_hook_with_its_arguments_is_described() -> None:
    for name, hook in {**vars(OfferSpecs), **vars(BehaviourSpecs)}.items():
        if not name.startswith("nasdip_"):
            continue
        signature = inspect.signature(hook)
        arguments = [p for p in signature.parameters.values() if p.name != "self"]
        shown = str(signature.replace(parameters=arguments)).replace("'", "")
        shown = re.sub(r"(nasdip_core\.hooks|collections\.abc|typing)\.", "", shown)
        assert f"### `{name}{shown}`" in PAGES["hooks"]


def test_the_version_of_the_contract_is_right() -> None:
    assert f"API_VERSION = {API_VERSION}" in PAGES["hooks"]
    assert f"{API_VERSION} today" in PAGES["plugins"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_described(kind: str) -> None:
    assert rows(PAGES["hooks"])[kind]
    assert f"| `{kind}` | {KINDS[kind]} |" in PAGES["hooks"]


def test_every_baseline_is_described_with_its_tasks(plugins: Plugins) -> None:
    table = {
        name: others[0]
        for names, others in rows(PAGES["bench"].partition("## Baselines")[2]).items()
        for name in re.findall(r"[\w-]+", names)
    }
    for registration in plugins.registrations("baseline"):
        if registration.distribution == OWN_DISTRIBUTION:
            described = table[registration.offer.name]
            assert all(task in described for task in registration.resolve().tasks)


def test_every_field_of_an_offer_is_described() -> None:
    described = rows(PAGES["hooks"].partition("## `Offer`")[2].partition("## Kinds")[0])
    assert list(described)[1:] == list(inspect.signature(Offer).parameters)


def test_every_built_in_is_named(plugins: Plugins) -> None:
    listed = rows(PAGES["hooks"].partition("## What nasdip brings")[2].partition("## States")[0])
    for kind in KINDS:
        own = [r for r in plugins.registrations(kind) if r.distribution == "nasdip"]
        named = re.findall(r"[\w-]+", listed[kind][0]) if kind in listed else []
        assert named == [r.offer.name for r in own]


@pytest.mark.parametrize("code", ExitCode, ids=lambda code: code.name)
def test_every_exit_code_is_in_the_guide(code: ExitCode) -> None:
    assert rows(PAGES["guide"])[str(int(code))][0] == code.name


def test_every_option_of_an_architecture_is_described() -> None:
    described = rows(PAGES["architectures"].partition("## The fields")[2])
    fields = [*fields_of(Architecture)]
    fields += [*fields_of(Encoder, "encoder."), *fields_of(Head, "head.")]
    for field in fields:
        _, default, meaning = described[field.name]
        assert meaning
        if isinstance(field.default, (bool, int, float)) or field.default is None:
            assert default == yaml.safe_dump(field.default).split("\n")[0]
        elif isinstance(field.default, str) and field.default != "required":
            assert default == field.default
    assert described["residual.uses"][1] == Architecture().residual.uses
    assert set(described) >= {field.name for field in fields}


def test_the_file_of_an_architecture_is_described() -> None:
    described = rows(PAGES["architectures"].partition("## The file")[2].partition("## The f")[0])
    assert set(described) >= set(NamedArchitecture.model_fields)


def test_the_counts_of_the_named_architectures_are_right(plugins: Plugins) -> None:
    described = rows(PAGES["architectures"].partition("## The file")[0])
    for registration in plugins.registrations("architecture"):
        if registration.distribution != "nasdip":
            continue
        name = registration.offer.name
        architecture = find_architecture(name, plugins).architecture
        cost = cost_of(architecture, 3, (256, 256), plugins)
        assert described[name][:2] == [f"{cost.parameters:,}", f"{cost.macs / 1e9:.2f} G"]


def test_the_options_of_a_fit_are_described_with_their_defaults() -> None:
    described = rows(PAGES["guide"].partition("## Options")[2].partition("## The output")[0])
    for field in fields_of(FitOptions, "fit."):
        if not field.name.startswith("fit.stopping"):
            assert described[field.name][0] == str(field.default)
    assert described["fit.stopping"][0] == FitOptions().stopping.uses


def test_the_options_of_a_recipe_are_described_as_they_are() -> None:
    described = rows(PAGES["guide"].partition("## Recipes")[2].partition("## Choose")[0])
    for name, field in RecipeOptions.model_fields.items():
        default = RecipeOptions().model_dump(mode="json")[name]
        shown = "none" if default is None else str(default)
        assert described[f"recipe.{name}"] == [shown, field.description]


def test_every_option_of_the_built_in_tasks_is_described(plugins: Plugins) -> None:
    text = PAGES["guide"] + PAGES["tasks"]
    for registration in plugins.registrations("task"):
        if registration.distribution == "nasdip":
            assert f"--task {registration.offer.name}" in text
            model: Any = registration.options()
            for field in fields_of(model, "task."):
                assert f"`{field.name}`" in text or f"{field.name}=" in text


def test_bundled_pictures_and_events_are_named() -> None:
    assert sorted(set(re.findall(r"`sample:(\w+)`", PAGES["guide"]))) == sample_names()
    for event in (FitStarted, StepDone, Rewound, FitEnded, RefineStarted, RefineDone):
        assert f"`{event.kind}`" in PAGES["guide"]


def test_every_field_of_a_result_is_described(waves_file: Path, tmp_path: Path) -> None:
    options = {"fit.steps": 1, "fit.stopping": "fixed", "corrupt.sigma": 5}
    restored = nasdip_core.restore(waves_file, "denoise", options=options, output=tmp_path / "out")
    described = rows(PAGES["guide"].partition("## The result")[2].partition("## Three")[0])
    assert restored.quality is not None
    names = {*restored.result, *(f"quality.{name}" for name in restored.quality)}
    assert set(described) - {"field"} == names
    assert restored.result["schema"] == described["schema"][0]
    files = rows(PAGES["guide"].partition("## The output")[2].partition("## The result")[0])
    listed = {name for cell in files for name in re.split(r"`?, `?", cell)}
    assert {path.name for path in (tmp_path / "out").iterdir()} <= listed
