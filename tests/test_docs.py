"""The documentation is held to the code: hooks, kinds, options, commands, files and links."""

import importlib.util
import inspect
import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

import nasdip_core
from nasdip_core.architecture.cost import cost_of
from nasdip_core.architecture.named import NamedArchitecture, find_architecture
from nasdip_core.architecture.specification import Architecture, Encoder, Head
from nasdip_core.cli import app
from nasdip_core.cli.guests import plugins_first
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
from nasdip_core.options import fields_of, from_dotted, merge, parse
from nasdip_core.pipeline.document import Pipeline
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins
from nasdip_core.recipe import RecipeOptions
from nasdip_core.registration import OWN_DISTRIBUTION

ROOT = Path(__file__).parent.parent
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
TEXTS = {
    path.relative_to(ROOT): path.read_text(encoding="utf-8")
    for path in (
        ROOT / "README.md",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "examples").rglob("*.md"),
    )
}
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text: str, *languages: str) -> list[str]:
    """Return the fenced blocks of some languages."""
    return [body for language, body in FENCE.findall(text) if language in languages]


def commands(text: str) -> list[list[str]]:
    """Return the words of every `nasdip` command in shell blocks, without `nasdip` itself."""
    found = []
    for block in blocks(text, "sh", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            # A sign within a word, as in STUDY#best, begins no comment.
            words = shlex.split(re.sub(r"(^|\s)#.*", "", line.removeprefix("$ ")))
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words = words[1:]
            if words and words[0] == "nasdip":
                words = plugins_first(words[1:])
                found.append(words[2:] if words[0] == "--plugin" else words)
    return found


def rows(text: str) -> dict[str, list[str]]:
    """Return the rows of all tables by their first cell, marks of code left out."""
    table = {}
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            first, *others = [cell.strip().strip("`") for cell in line.strip("| ").split(" |")]
            table[first] = others
    return table


COMMANDS = [(page, words) for page, text in TEXTS.items() for words in commands(text)]


def test_there_is_something_to_hold() -> None:
    assert set(PAGES) >= {"architectures", "guide", "hooks", "plugins"}
    assert len(COMMANDS) > 50
    assert len(rows(PAGES["hooks"])) > 20


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


@pytest.mark.parametrize("page", TEXTS, ids=str)
def test_python_blocks_compile(page: Path) -> None:
    for block in blocks(TEXTS[page], "python"):
        compile(block, str(page), "exec")


def test_yaml_blocks_are_what_they_claim(plugins: Plugins) -> None:
    kinds = []
    for page, text in TEXTS.items():
        for block in blocks(text, "yaml"):
            content = yaml.safe_load(block)
            if page.stem == "cluster":
                continue  # files of Ray and Kubernetes
            if "steps" in content:
                for step in Pipeline.model_validate(content).steps:
                    if not step.uses.startswith("task."):
                        plugins.find("step", step.uses.removeprefix("step."))
                        continue
                    if "${" in str(step.with_):
                        continue  # what another step makes is not there yet
                    request = parse(RestoreRequest, step.with_, "")
                    resolve(step.uses.removeprefix("task."), request, plugins, Path())
            else:
                NamedArchitecture.model_validate(content)
            kinds.append((page.stem, "steps" in content))
    assert {("guide", True), ("architectures", False), ("plugins", False)} <= set(kinds)


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=str)
def test_commands_and_flags_exist(page: Path, words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    group = hasattr(command, "commands") and not command.invoke_without_command
    assert not group, f"{page}: '{words}' is no command"
    command.make_context(command.name, list(words))  # raises for what it does not know


def test_the_options_of_commands_exist(
    plugins: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = next(b for b in blocks(PAGES["architectures"], "yaml") if "architecture:" in b)
    (tmp_path / "mine.yaml").write_text(network, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run: Any = typer.main.get_command(app).commands["run"]  # type: ignore[attr-defined]  # a group
    resolved = 0
    for page in ("guide", "architectures"):
        for words in commands(PAGES[page]):
            given = run.make_context("run", words[1:]).params if words[0] == "run" else {}
            if not given or (given["source"] or "").endswith(".yaml"):
                continue
            keys = ("mask", "truth", "arch", "preset", "seed", "device", "seconds")
            content = {key: given[key] for key in keys}
            content = {key: value for key, value in content.items() if value is not None}
            if given["source"] is not None:
                content["picture"] = given["source"]
            content = merge(content, from_dotted(given["settings"] or []))
            resolve(given["task"], parse(RestoreRequest, content, ""), plugins, tmp_path)
            resolved += 1
    assert resolved > 30


@pytest.mark.parametrize("page", TEXTS, ids=str)
def test_no_two_runs_of_a_page_share_a_folder(page: Path) -> None:
    """Who types the commands one after the other is not told that a folder is taken."""
    taken: dict[str, list[str]] = {}
    for words in commands(TEXTS[page]):
        if words[0] != "run" or {"--dry-run", "--resume", "--force"} & set(words):
            continue
        if "-o" in words:
            output = words[words.index("-o") + 1]
        elif "--task" in words:
            picture = "demonstration" if words[1] == "--task" else Path(words[1]).stem
            output = f"{picture} {words[words.index('--task') + 1]}"
        else:
            output = words[1]
        taken.setdefault(output, []).append(" ".join(words))
    assert {output: runs for output, runs in taken.items() if len(runs) > 1} == {}


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(FENCE, "", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", TEXTS, ids=str)
def test_links_resolve(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(FENCE, "", TEXTS[page])):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = ROOT / page if not path else ROOT / os.path.normpath(page.parent / path)
        assert linked.exists(), f"{page}: {target}"
        if anchor:
            assert anchor in anchors(linked.read_text(encoding="utf-8")), f"{page}: {target}"
