"""`nasdip describe KIND.NAME`: options of a plugin, or a network's levels, cost and drawing."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasdip_core.cli.output import json_result, result, say, table
from nasdip_core.cli.parameters import AsJson, Debug

if TYPE_CHECKING:
    from pydantic import BaseModel

    from nasdip_core.architecture.specification import Architecture
    from nasdip_core.plugins import Plugins, Registration


def describe(
    what: Annotated[str, typer.Argument(help="KIND.NAME such as task.inpaint, or a YAML file.")],
    channels: Annotated[int, typer.Option(min=1, help="Channels of the picture.")] = 3,
    size: Annotated[str, typer.Option(help="Height,width of the picture.")] = "256,256",
    svg: Annotated[
        Path | None, typer.Option(help="Where to draw a network; default NAME.svg.")
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001  # read by main(), which sees failures of every command
) -> None:
    """Describe an offer: its options with types, defaults and meaning; a network with its cost."""
    from nasdip_core.errors import PluginError, did_you_mean
    from nasdip_core.hooks import KINDS
    from nasdip_core.plugins import Plugins

    plugins = Plugins.discover()
    kind, _, name = what.partition(".")
    if what.lower().endswith((".yaml", ".yml")):
        kind, name = "architecture", what
    elif kind not in KINDS or not name:
        matches = [r for r in plugins.registrations() if r.offer.name == what]
        if len(matches) != 1:
            hint = did_you_mean(kind, KINDS)
            if kind in KINDS:
                hint = f"`nasdip list {kind}` shows the names"
            if matches:
                hint = "say " + " or ".join(f"'{r.offer.kind}.{what}'" for r in matches)
            raise PluginError(f"cannot describe '{what}': say KIND.NAME", hint)
        kind, name = matches[0].offer.kind, what
    if kind == "architecture":
        _architecture(name, channels, _size(size), svg, as_json, plugins)
    else:
        _offer(plugins.find(kind, name), as_json)


def _offer(registration: "Registration", as_json: bool) -> None:
    offer = registration.offer
    model = registration.options()
    options = _options(model, "task." if offer.kind == "task" else "")
    damage = _options(getattr(model, "Corruption", None), "corrupt.")
    if as_json:
        described: dict[str, Any] = {
            "schema": "nasdip.describe/1",
            "kind": offer.kind,
            "name": offer.name,
            "summary": offer.summary,
            "plugin": registration.distribution,
            "options": options,
        }
        if offer.kind == "task":
            described["architecture"] = getattr(model, "architecture", None)
            described["corrupt"] = damage
        json_result(described)
        return
    result(f"{offer.kind}.{offer.name}: {offer.summary} (plugin {registration.distribution})")
    if offer.kind == "task":
        result(f"default architecture: {getattr(model, 'architecture', None)}")
    rows = [[o["name"], o["type"], str(o["default"]), o["meaning"]] for o in [*options, *damage]]
    if rows:
        table(["option", "type", "default", "meaning"], rows)
    else:
        result("no options")


def _options(model: "type[BaseModel] | None", prefix: str) -> list[dict[str, Any]]:
    from nasdip_core.options import fields_of

    if model is None:
        return []
    return [
        {"name": f.name, "type": f.type, "default": f.default, "meaning": f.meaning}
        for f in fields_of(model, prefix)
    ]


def _size(text: str) -> tuple[int, int]:
    from nasdip_core.errors import OptionError

    parts = text.replace("x", ",").split(",")
    if len(parts) != 2 or not all(part.strip().isdigit() and int(part) > 0 for part in parts):
        raise OptionError(f"cannot read --size '{text}'", "write it as height,width: 256,256")
    return int(parts[0]), int(parts[1])


def _architecture(
    name: str,
    channels: int,
    size: tuple[int, int],
    svg: Path | None,
    as_json: bool,
    plugins: "Plugins",
) -> None:
    from nasdip_core.architecture.cost import cost_of
    from nasdip_core.architecture.drawing import draw_network
    from nasdip_core.architecture.named import find_architecture
    from nasdip_core.architecture.pattern import residual_matrix
    from nasdip_core.architecture.specification import PluginNetwork
    from nasdip_core.fit.options import FitOptions
    from nasdip_core.options import merge, parse
    from nasdip_core.recipe import RecipeOptions
    from nasdip_core.yaml_text import dump

    named = find_architecture(name, plugins)
    for task, options in {"": {}, **named.tasks}.items():
        parse(FitOptions, merge(named.fit, options), f"tasks.{task}" if task else "fit")
    parse(RecipeOptions, named.recipe, "recipe")
    architecture = named.architecture
    cost = cost_of(architecture, channels, size, plugins)
    matrix: list[list[bool]] = []
    drawing = None
    if isinstance(architecture, PluginNetwork):
        say(f"not drawn: {named.name} is no U-Net")
    else:
        matrix = residual_matrix(architecture, plugins)
        drawing = svg or Path(f"{named.name.replace(' ', '-')}.svg")
        caption = f"{cost.parameters:,} parameters, {cost.macs / 1e9:.2f} G multiply-adds"
        _draw(draw_network(architecture, matrix, caption=caption), drawing, asked=svg is not None)
    if as_json:
        json_result(
            {
                "schema": "nasdip.architecture/1",
                "name": named.name,
                "summary": named.summary,
                "source": named.source,
                "channels": channels,
                "size": list(size),
                "parameters": cost.parameters,
                "macs": cost.macs,
                "activation_bytes": cost.activation_bytes,
                "matrix": [[int(entry) for entry in row] for row in matrix],
                "architecture": architecture.model_dump(mode="json", by_alias=True),
                "fit": named.fit,
                "tasks": named.tasks,
                "recipe": named.recipe,
                "svg": None if drawing is None else str(drawing),
            }
        )
        return
    result(f"architecture.{named.name}: {named.summary}")
    if named.source:
        result(f"source            {named.source}")
    if isinstance(architecture, PluginNetwork):
        chosen = dump(architecture.with_, default_flow_style=True, width=1000)
        result(f"network           {architecture.uses} {chosen.rstrip()}")
    else:
        _levels(architecture, matrix)
    result(f"parameters        {cost.parameters:,}")
    result(f"multiply-adds     {cost.macs:,} at {size[0]} x {size[1]}, {channels} channels")
    result(f"activation memory {cost.activation_bytes:,} bytes")
    for title, options in (("fit", named.fit), ("recipe", named.recipe)):
        if options:
            flow = dump(options, default_flow_style=True, width=1000)
            result(f"{title:<17} {flow.rstrip()}")


def _draw(drawn: str, path: Path, *, asked: bool) -> None:
    """Write a drawing. Raises RunError where the file that was asked for cannot be written."""
    from nasdip_core.errors import RunError

    try:
        path.write_text(drawn, encoding="utf-8")
        say(f"drawn to {path}")
    except OSError as error:
        if asked:
            raise RunError(f"cannot write '{path}': {error.strerror}") from None
        say(f"not drawn: cannot write '{path}' here ({error.strerror})")


def _levels(architecture: "Architecture", matrix: list[list[bool]]) -> None:
    """Say what a U-Net is made of."""
    cell = architecture.cell
    result(f"levels            {architecture.levels}")
    result(
        f"cell              {cell.resample} -> {cell.transform} "
        f"{cell.kernel}x{cell.kernel} (dilation {cell.dilation}), activation {cell.activation}, "
        f"{cell.order}"
    )
    result(
        f"pattern           {architecture.residual.uses} (rows: to decoder level, columns: from)"
    )
    for row in matrix:
        result("                  " + " ".join(str(int(entry)) for entry in row))
