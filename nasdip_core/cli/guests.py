"""Commands that plugins add, and plugins that are files: `nasdip --plugin FILE.py NAME ...`."""

import os
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from nasdip_core.cli.output import say
from nasdip_core.errors import NasdipError, OptionError, PluginError

if TYPE_CHECKING:
    from nasdip_core.hooks import Command

_RAW = {
    "ignore_unknown_options": True,
    "allow_extra_args": True,
    "allow_interspersed_args": False,
    "help_option_names": [],
}
"""The plugin's own command reads its words, `--help` among them."""


class WithGuests(TyperGroup):
    """Our commands, and those of plugins; plugins are asked only where a word is none of ours."""

    @cached_property
    def _guests(self) -> "dict[str, list[tuple[str, Command]]]":
        return _guests()

    def list_commands(self, ctx: Any) -> list[str]:
        """Return all names, ours first; a guest's is the short one where that leads to it."""
        own = list(super().list_commands(ctx))
        listed = {
            command.name
            if command.name not in own and len(self._guests[command.name]) == 1
            else _qualified(plugin, command)
            for each in self._guests.values()
            for plugin, command in each
        }
        return [*own, *sorted(listed)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by its name, or `dist:name` of a guest."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        found = self._guests.get(cmd_name, [])
        if len(found) > 1:
            choices = " or ".join(f"'{_qualified(*each)}'" for each in found)
            raise PluginError(f"several plugins add the command '{cmd_name}'", f"say {choices}")
        return _stand_in(cmd_name, *found[0]) if found else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return name, command and words. Raises OptionError for an option of ours that is empty.

        As a path it would be the current folder, and nobody means that by it.
        """
        found = super().resolve_command(ctx, args)
        if found[0] in super().list_commands(ctx):
            for before, word in pairwise(args):
                assigned = word.startswith("--") and word.endswith("=")
                name = word[:-1] if assigned else before if not word else ""
                if name.startswith("-"):
                    raise OptionError(f"option {name} is empty", "an unset variable of the shell?")
        return found


def _guests() -> "dict[str, list[tuple[str, Command]]]":
    """Return what plugins add, by each name that leads to it."""
    from nasdip_core.behaviour import Behaviour
    from nasdip_core.plugins import Plugins

    found: dict[str, list[tuple[str, Command]]] = {}
    try:
        behaviour = Behaviour(Plugins.discover(), lambda _, sentence: say(f"note: {sentence}"))
    except PluginError as error:  # help is given, whatever the state of the settings
        say(f"note: {error}")
        return found
    for plugin, command in behaviour.commands():
        for name in (command.name, _qualified(plugin, command)):
            found.setdefault(name, []).append((plugin, command))
    return found


def _qualified(plugin: str, command: "Command") -> str:
    return f"{plugin.partition(':')[0]}:{command.name}"


def _stand_in(name: str, plugin: str, command: "Command") -> Any:
    """Return a command that imports the plugin's own when it runs, and gives it all words."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

    @app.command(name, help=f"{command.summary} (plugin {plugin})", context_settings=_RAW)
    def forward(context: typer.Context) -> None:
        from nasdip_core.registration import resolve

        target = resolve(command.target, f"command '{name}' of plugin '{plugin}'")
        if not isinstance(target, typer.Typer):
            inner = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            inner.command(name)(target)
            target = inner
        try:
            typer.main.get_command(target).main(args=context.args, prog_name=f"nasdip {name}")
        except NasdipError:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            what = f"command '{name}' of plugin '{plugin}' failed: {reason}"
            raise PluginError(what, "mend it, or tell its author") from error

    return typer.main.get_command(app)


def add_files(files: list[Path] | None) -> list[Path] | None:
    """Make files plugins of this process and of those that it starts.

    Raises PluginError where one is missing or cannot be used.
    """
    from nasdip_core.discovery import FILES, named_files, naming

    for path in files or []:
        if not path.is_file():
            raise PluginError(f"cannot read the plugin '{path}'", "give the path of a Python file")
    named = naming([*named_files(), *(files or [])])
    if named:
        os.environ[FILES] = named
    if files:
        _refuse_failed({str(path.absolute()) for path in files})
    return files


def _refuse_failed(files: set[str]) -> None:
    from nasdip_core.plugins import Plugins

    for plugin in Plugins.discover().plugins:
        if plugin.module in files and plugin.state == "failed":
            raise PluginError(f"cannot use the plugin '{plugin.module}': {plugin.reason}")


def plugins_first(words: Sequence[str]) -> list[str]:
    """Return the words with `--plugin FILE` in front: it may stand anywhere."""
    front: list[str] = []
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--":
            rest += [word, *left]
        elif word == "--plugin":
            front += [word, *(following for following in [next(left, None)] if following)]
        elif word.startswith("--plugin="):
            front.append(word)
        else:
            rest.append(word)
    return [*front, *rest]
