"""Writes docs/reference.md from the code: hooks, kinds, the YAML of pipelines, every option.

python docs/make_reference.py
"""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from nasdip_core.architecture.named import NamedArchitecture
from nasdip_core.fit.options import FitOptions
from nasdip_core.hooks import API_VERSION, KINDS, BehaviourSpecs, OfferSpecs
from nasdip_core.options import fields_of
from nasdip_core.pipeline.document import Pipeline
from nasdip_core.pipeline.request import RestoreRequest
from nasdip_core.plugins import Plugins, Registration
from nasdip_core.recipe import RecipeOptions
from nasdip_core.searching.options import SearchRequest

FILE = Path(__file__).with_name("reference.md")


def reference(plugins: Plugins) -> str:
    """Return the page about the contract and the built-ins."""
    lines = [
        "# Reference",
        "",
        "Made from the code by `python docs/make_reference.py`; a test holds it to the code.",
        "What it means and how it is used is in the other pages.",
        "",
        f"## Hooks of contract {'.'.join(map(str, API_VERSION))}",
        "",
        "| hook | when, and what |",
        "|---|---|",
        *_hooks(),
        "",
        "## Kinds",
        "",
        "| kind | what it is | built in |",
        "|---|---|---|",
    ]
    for kind, meaning in KINDS.items():
        names = ", ".join(f"`{r.offer.name}`" for r in _own(plugins, kind))
        lines.append(f"| `{kind}` | {meaning} | {names} |")
    for title, model, prefix in (
        ("A pipeline file", Pipeline, ""),
        ("The `with` of a task", RestoreRequest, ""),
        ("An architecture file", NamedArchitecture, ""),
        ("A fit", FitOptions, "fit."),
        ("A recipe", RecipeOptions, "recipe."),
        ("A search", SearchRequest, ""),
    ):
        lines += ["", f"## {title}", "", *_table(model, prefix)]
    for kind in KINDS:
        for registration in _own(plugins, kind):
            lines += _section(registration)
    return "\n".join(lines) + "\n"


def _hooks() -> Iterator[str]:
    for name, hook in {**vars(OfferSpecs), **vars(BehaviourSpecs)}.items():
        if name.startswith("nasdip_"):
            arguments = [p for p in inspect.signature(hook).parameters if p != "self"]
            meaning = " ".join((inspect.getdoc(hook) or "").split())
            yield f"| `{name}({', '.join(arguments)})` | {meaning} |"


def _own(plugins: Plugins, kind: str) -> list[Registration]:
    return [r for r in plugins.registrations(kind) if r.distribution == "nasdip"]


def _section(registration: Registration) -> list[str]:
    """Return what is to be said of a built-in: nothing where it has no options."""
    model = registration.options()
    if model is None:
        return []
    offer = registration.offer
    rows = _table(model, "task." if offer.kind == "task" else "")
    damage = getattr(model, "Corruption", None)
    if damage is not None:
        rows += _rows(damage, "corrupt.")
    outputs = ", ".join(f"`{name}`" for name in getattr(model, "outputs", ()))
    puts_out = [f"Puts out {outputs}.", ""] if outputs else []
    return ["", f"## `{offer.kind}.{offer.name}`", "", f"{offer.summary}.", "", *puts_out, *rows]


def _table(model: type[BaseModel], prefix: str) -> list[str]:
    rows = _rows(model, prefix)
    return ["| option | type | default | meaning |", "|---|---|---|---|", *rows] if rows else []


def _rows(model: type[BaseModel], prefix: str) -> list[str]:
    return [
        f"| `{field.name}` | {_cell(field.type)} | {_default(field.default)} | "
        f"{_cell(field.meaning)} |"
        for field in fields_of(model, prefix)
    ]


def _default(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, (bool, int, float, str)):
        return _cell(str(value).lower() if isinstance(value, bool) else str(value))
    plain = value.model_dump(mode="json", by_alias=True) if isinstance(value, BaseModel) else value
    return f"`{_cell(json.dumps(plain))}`"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


if __name__ == "__main__":
    FILE.write_text(reference(Plugins.discover()), encoding="utf-8")
