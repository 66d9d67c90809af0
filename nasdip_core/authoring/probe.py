"""Looks at a plugin in a process of its own: `python -m nasdip_core.authoring.probe DIST FILE`.

The findings go to FILE: what the plugin prints is its own affair.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nasdip_core.discovery import FILE
from nasdip_core.errors import NasdipError
from nasdip_core.hooks import Command
from nasdip_core.options import Options
from nasdip_core.plugins import Plugins, Registration

HEAVY = ("torch", "numpy", "scipy", "kornia", "skimage", "optuna")
"""What listings and `--help` must not import."""

_WITHOUT_OPTIONS = frozenset(
    {"upsampling", "transform", "activation", "architecture", "baseline", "tracker"}
)
"""Kinds whose factories are called without the fields of an options model."""


def probe(distribution: str) -> dict[str, Any]:
    """Return the findings about the plugins of a distribution, and kind and name of its offers."""
    plugins = Plugins.discover()
    heavy = [name for name in HEAVY if name in sys.modules]
    found = []
    own = [plugin for plugin in plugins.plugins if plugin.distribution == distribution]
    for plugin in own:
        if plugin.state == "failed":
            mend = "mend it; nothing of it can be used"
            found.append(_finding("import", "error", f"'{plugin.id}': {plugin.reason}", mend))
        found += [
            _finding("import", "warning", f"'{plugin.id}' {remark}", "do so on first use only")
            for remark in plugin.remarks
            if "torch" not in remark
        ]
    if heavy:
        mend = "name factories as strings, and import within functions"
        what = f"discovery imports {', '.join(heavy)}, for which every command waits"
        # One file has no other module for what is heavy.
        level = "warning" if all(plugin.name == FILE for plugin in own) else "error"
        found.append(_finding("import", level, what, mend))
    registrations = [r for r in plugins.registrations() if r.distribution == distribution]
    if own and not registrations and all(p.state == "loaded" for p in own):
        hooks = [hook for plugin in own for hook in plugins.hooks_of(plugin)]
        if hooks == ["nasdip_offers"]:
            found.append(_finding("offers", "warning", "nothing is offered", "return some Offer"))
    for registration in registrations:
        found += _offer(registration)
    for registration in registrations:
        found += _options(registration)
    if not heavy and any(name in sys.modules for name in HEAVY):
        names = ", ".join(name for name in HEAVY if name in sys.modules)
        mend = "keep the models in a module that imports none of them"
        found.append(_finding("options", "error", f"options import {names}", mend))
    for registration in registrations:
        found += _made(registration, plugins)
    found += _commands(plugins, distribution)
    offers = sorted((r.offer.kind, r.offer.name) for r in registrations)
    return {"findings": found, "offers": offers}


def _offer(registration: Registration) -> Iterator[dict[str, str]]:
    label = _label(registration)
    if registration.state == "incompatible":
        mend = "ask for a contract that there is, or require a newer nasdip"
        yield _finding("offers", "error", f"{label}: {registration.reason}", mend)
    if registration.state == "shadowed":
        mend = "give it a name of its own"
        yield _finding("offers", "warning", f"{label}: {registration.reason}", mend)
    if not registration.offer.summary.strip():
        yield _finding("offers", "warning", f"{label} has no summary", "say in a line what it is")


def _options(registration: Registration) -> Iterator[dict[str, str]]:
    label = _label(registration)
    try:
        model = registration.options()
    except NasdipError as error:
        yield _finding("options", "error", str(error), "mend what `options` names")
        return
    if model is None:
        return
    if registration.offer.kind in _WITHOUT_OPTIONS:
        mend = f"leave `options` out: a {registration.offer.kind} is made without any"
        yield _finding("options", "error", f"the options of {label} are given to nobody", mend)
    if not issubclass(model, Options):
        mend = "derive it from nasdip_core.Options, which refuses misspelt keys"
        yield _finding("options", "error", f"the options of {label} take any key", mend)
    corruption = getattr(model, "Corruption", None)
    for each in (model, corruption):
        for name, field in getattr(each, "model_fields", {}).items():
            if not field.description:
                what = f"option '{name}' of {label} has no description"
                yield _finding("options", "error", what, "Field(..., description=...)")


def _made(registration: Registration, plugins: Plugins) -> Iterator[dict[str, str]]:
    """Import what an offer names."""
    label = _label(registration)
    try:
        if registration.offer.resource is None:
            if not callable(registration.resolve()):
                what = f"the factory of {label} cannot be called"
                yield _finding("factory", "error", what, "name a class or a function")
            return
        if not registration.resource().is_file():
            what = f"the resource of {label} is no file of the package"
            yield _finding("factory", "error", what, "ship it with the package")
            return
        if registration.offer.kind == "architecture" and registration.state != "incompatible":
            from nasdip_core.architecture.cost import cost_of
            from nasdip_core.architecture.named import find_architecture

            named = find_architecture(registration.qualified, plugins)
            cost_of(named.architecture, 3, (64, 64), plugins)
    except NasdipError as error:
        yield _finding("factory", "error", f"{label}: {error}", "mend what it names")
    except Exception as error:  # a guest's network may fail in any way
        what = f"{label} cannot be built: {type(error).__name__}: {error}"
        yield _finding("factory", "error", what, "mend it")


def _commands(plugins: Plugins, distribution: str) -> Iterator[dict[str, str]]:
    from nasdip_core.behaviour import Behaviour
    from nasdip_core.registration import resolve

    failed: list[tuple[str, str]] = []
    commands: list[tuple[str, Command]] = Behaviour(
        plugins, lambda plugin, sentence: failed.append((plugin, sentence))
    ).commands()
    for plugin, sentence in failed:
        if plugin.partition(":")[0] == distribution:
            yield _finding("commands", "error", sentence, "return a list of Command")
    for plugin, command in commands:
        if plugin.partition(":")[0] == distribution:
            try:
                resolve(command.target, f"command '{command.name}'")
            except NasdipError as error:
                yield _finding("commands", "error", str(error), "mend what `target` names")


def _label(registration: Registration) -> str:
    return f"{registration.offer.kind} '{registration.offer.name}'"


def _finding(check: str, level: str, what: str, mend: str) -> dict[str, Any]:
    return {"check": check, "level": level, "what": " ".join(what.split()), "mend": mend}


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(probe(sys.argv[1])), encoding="utf-8")
