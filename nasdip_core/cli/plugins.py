"""`nasdip plugins`: which plugins there are, what became of them, and which are switched off."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasdip_core.cli.output import json_result, result, say, table
from nasdip_core.cli.parameters import AsJson, Debug
from nasdip_core.cli.plugins_check import check
from nasdip_core.cli.plugins_new import new
from nasdip_core.errors import ExitCode, did_you_mean

if TYPE_CHECKING:
    from nasdip_core.plugins import Plugin, Plugins

app = typer.Typer(help="Write, check and manage plugins.", no_args_is_help=True)
app.command("new")(new)
app.command("check")(check)

Name = Annotated[
    str, typer.Argument(metavar="PLUGIN", help="A name as `nasdip plugins list` shows it.")
]


@app.callback()
def group() -> None:
    """Write, check and manage plugins."""


@app.command("list")
def list_plugins(
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001  # read by main()
) -> None:
    """List plugins with their state, and the reason where one is not loaded."""
    from nasdip_core.plugins import Plugins

    found = Plugins.discover().plugins
    if as_json:
        json_result({"schema": "nasdip.plugins/1", "plugins": [_told(p) for p in found]})
        return
    table(["plugin", "version", "state", ""], [[p.id, p.version, p.state, p.says] for p in found])


@app.command("show")
def show(
    name: Name,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001  # read by main()
) -> None:
    """Show what a plugin is, what it offers, and the hooks by which it takes part."""
    from nasdip_core.plugins import Plugins

    plugins = Plugins.discover()
    plugin = plugins.plugin(name)
    told = {**_told(plugin), "hooks": plugins.hooks_of(plugin), "offers": _offers(plugins, plugin)}
    if as_json:
        json_result({"schema": "nasdip.plugin/1", **told})
        return
    hooks = ", ".join(told["hooks"]) or "none"
    rows = [
        ["plugin", plugin.id],
        ["version", plugin.version],
        ["module", plugin.module],
        ["state", plugin.state],
        *([["because", plugin.reason]] if plugin.reason else []),
        *(["remark", remark] for remark in plugin.remarks),
        ["import", f"{plugin.seconds:.3f} s"],
        ["hooks", hooks],
        *([f"{o['kind']}.{o['name']}", o["summary"]] for o in told["offers"]),
    ]
    table(["", ""], rows)


@app.command("disable")
def disable(
    name: Name,
    debug: Debug = False,  # noqa: ARG001  # read by main()
) -> None:
    """Leave a plugin out from now on, without uninstalling it."""
    from nasdip_core.plugin_settings import disabled_in_file, settings_file, write_disabled
    from nasdip_core.plugins import Plugins

    plugin = Plugins.discover().plugin(name)
    write_disabled([*disabled_in_file(), plugin.id])
    say(f"'{plugin.id}' is disabled in {settings_file()}")


@app.command("enable")
def enable(
    name: Name,
    debug: Debug = False,  # noqa: ARG001  # read by main()
) -> None:
    """Take a plugin in again."""
    from nasdip_core.errors import PluginError
    from nasdip_core.plugin_settings import (
        DISABLE,
        disabled_in_environment,
        disabled_in_file,
        write_disabled,
    )
    from nasdip_core.plugins import Plugins

    written = disabled_in_file()
    # A name that nothing is installed under any more can be taken out as well.
    stale = name in written and not any(name in p.names for p in Plugins.discover().plugins)
    names = (name,) if stale else Plugins.discover().plugin(name).names
    left = [word for word in written if word not in names]
    if len(left) == len(written):
        raise PluginError(f"'{name}' is not disabled", did_you_mean(name, written))
    write_disabled(left)
    say(f"'{name}' is enabled")
    if set(names) & set(disabled_in_environment()):
        say(f"note: {DISABLE} names it, too")


@app.command("doctor")
def doctor(
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001  # read by main()
) -> None:
    """Say what is wrong with the plugins of this installation, and how to mend it."""
    from nasdip_core.cli.plugins_doctor import examine

    found = examine()
    if as_json:
        json_result({"schema": "nasdip.plugins-doctor/1", **found})
    else:
        for key in ("api", "settings", "folder"):
            result(f"{key:<9} {found[key]}")
        for plugin in found["plugins"]:
            result(f"plugin    {plugin['plugin']} {plugin['state']}, {plugin['seconds']:.3f} s")
        for finding in found["findings"]:
            result(f"{finding['plugin']}: {finding['what']}; {finding['mend']}")
        if not found["findings"]:
            result("nothing is wrong")
    if found["findings"]:
        raise typer.Exit(ExitCode.PLUGIN)


def _told(plugin: "Plugin") -> dict[str, Any]:
    return {
        "plugin": plugin.id,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "module": plugin.module,
        "state": plugin.state,
        "reason": plugin.reason,
        "seconds": plugin.seconds,
        "remarks": list(plugin.remarks),
    }


def _offers(plugins: "Plugins", plugin: "Plugin") -> list[dict[str, str]]:
    return [
        {
            "kind": r.offer.kind,
            "name": r.offer.name,
            "summary": r.offer.summary,
            "state": r.state,
            "reason": r.reason,
        }
        for r in plugins.registrations()
        if r.plugin == plugin.id
    ]
