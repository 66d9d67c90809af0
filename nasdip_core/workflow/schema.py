"""A JSON Schema of pipeline files, with the options of every plugin that is installed."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from nasdip_core.architecture.specification import Architecture, PluginNetwork
from nasdip_core.errors import PluginError
from nasdip_core.fit.options import FitOptions
from nasdip_core.pipeline.document import Pipeline, PipelineStep
from nasdip_core.pipeline.request import RestoreRequest
from nasdip_core.plugins import Plugins, Registration
from nasdip_core.recipe import RecipeOptions
from nasdip_core.task import TaskOptions

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def pipeline_schema(plugins: Plugins) -> dict[str, Any]:
    """Return the schema; editors complete and check pipeline files by it."""
    definitions: dict[str, Any] = {}
    step = _of(PipelineStep, "step", definitions)
    choices = []
    for kind in ("task", "step"):
        for registration in plugins.registrations(kind):
            if registration.state not in ("loaded", "shadowed"):
                continue
            try:
                with_ = _with(kind, registration, definitions)
            except PluginError:
                continue  # a plugin whose options cannot be imported has none to complete
            shadowed = registration.state == "shadowed"
            name = registration.qualified if shadowed else registration.offer.name
            choices.append(_choice(f"{kind}.{name}", registration.offer.summary, with_))
    step["properties"]["uses"] = {
        "description": step["properties"]["uses"].get("description", ""),
        "enum": [choice["if"]["properties"]["uses"]["const"] for choice in choices],
    }
    step["allOf"] = choices
    definitions["Step"] = step
    root = _of(Pipeline, "pipeline", definitions)
    root["properties"]["steps"]["items"] = {"$ref": "#/$defs/Step"}
    definitions.pop("pipeline-PipelineStep", None)
    return {
        "$schema": DIALECT,
        "title": "nasdip pipeline",
        **root,
        "$defs": definitions,
    }


def _choice(uses: str, summary: str, with_: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "if": {"properties": {"uses": {"const": uses}}},
        "then": {"properties": {"with": {**with_, "description": summary}}},
    }


def _with(kind: str, registration: Registration, definitions: dict[str, Any]) -> dict[str, Any]:
    model = registration.options()
    name = registration.offer.name
    if kind == "step":
        return {"type": "object"} if model is None else _of(model, f"step.{name}", definitions)
    schema = _of(RestoreRequest, "restore", definitions)
    if model is not None and issubclass(model, TaskOptions):
        parts: dict[str, list[type[BaseModel]]] = {
            "task": [model],
            "corrupt": [model.Corruption],
            "fit": [FitOptions],
            "recipe": [RecipeOptions],
            "architecture": [Architecture, PluginNetwork],
        }
        for key, forms in parts.items():
            inner: dict[str, Any] = {}
            wholes = [_partial(_of(form, f"{name}.{key}", inner)) for form in forms]
            if key == "corrupt":  # null: the picture is damaged already, as in the file of a run
                wholes.append({"type": "null"})
            schema["properties"][key] = {"anyOf": wholes} if len(wholes) > 1 else wholes[0]
            definitions |= {key: _partial(each) for key, each in inner.items()}
    return schema


def _of(model: type[BaseModel], prefix: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a model; the models within it go to the definitions."""
    schema = model.model_json_schema(by_alias=True, ref_template=f"#/$defs/{prefix}-{{model}}")
    for name, inner in schema.pop("$defs", {}).items():
        definitions[f"{prefix}-{name}"] = inner
    schema.pop("title", None)
    return schema


def _partial(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose keys may be left out: they have values from elsewhere."""
    kept = {key: value for key, value in schema.items() if key != "required"}
    if "anyOf" in kept:
        kept["anyOf"] = [_partial(form) for form in kept["anyOf"]]
    return kept
