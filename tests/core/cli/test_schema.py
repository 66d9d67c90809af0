"""`nasdip schema`: what editors are told holds for what runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pipelines import EXAMPLES

from nasdip_core.options import parse
from nasdip_core.pipeline.document import to_yaml
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins
from nasdip_core.workflow.check import check
from nasdip_core.workflow.schema import pipeline_schema

Cli = Callable[..., Any]


def test_the_schema_is_one_and_holds_for_the_examples(
    cli: Cli, plugins: Plugins, tmp_path: Path
) -> None:
    assert cli("schema", "-o", tmp_path / "schema.json").code == 0
    schema = json.loads((tmp_path / "schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in EXAMPLES:
        content = yaml.safe_load(path.read_text())
        assert not list(validator.iter_errors(content)), path
        wrong = {**content, "steps": [{**content["steps"][0], "uses": "task.denoose"}]}
        assert list(validator.iter_errors(wrong))
        misspelt = {**content["steps"][0], "with": {"fit": {"stepps": 3}}}
        assert list(validator.iter_errors({**content, "steps": [misspelt]}))
    assert schema == pipeline_schema(plugins)


@pytest.mark.parametrize(
    ("uses", "with_", "right"),
    [
        ("task.denoise", "{fit: {stopping: fixed}, recipe: {refine: [collaborative]}}", True),
        ("task.denoise", "{fit: {stopping: {with: {factor: 0.9}}}}", True),
        ("task.denoise", "{architecture: {residual: none, encoder: {widths: 8}}}", True),
        ("task.denoise", "{architecture: {uses: siren}}", True),
        ("task.denoise", "{architecture: {input: {scale: 0.5}}}", True),
        ("step.search", "{task: denoise, data: waves.png, space: compact}", True),
        ("task.denoise", "{fit: {stopping: {wit: {}}}}", False),
        ("task.denoise", "{recipe: {refine: [3]}}", False),
        ("task.denoise", "{architecture: siren}", False),
        ("task.denoise", "{architecture: {levls: 3}}", False),
    ],
)
def test_the_schema_takes_what_check_takes(
    two: Path, plugins: Plugins, uses: str, with_: str, right: bool
) -> None:
    two.write_text(f"nasdip: 1\nsteps:\n- {{id: a, uses: {uses}, with: {with_}}}\n")
    _, errors = check(two, plugins)
    validator = jsonschema.Draft202012Validator(pipeline_schema(plugins))
    assert (errors == []) is right
    assert validator.is_valid(yaml.safe_load(two.read_text())) is right


def test_the_file_of_every_run_keeps_to_it(plugins: Plugins) -> None:
    """Of a demonstration, and of a picture that is damaged already."""
    validator = jsonschema.Draft202012Validator(pipeline_schema(plugins))
    for registration in plugins.registrations("task"):
        for given in ({}, {"picture": "x.png"}):
            request = parse(RestoreRequest, given, "")
            content = resolve(registration.offer.name, request, plugins, Path()).document("x")
            assert not list(validator.iter_errors(yaml.safe_load(to_yaml(content))))
