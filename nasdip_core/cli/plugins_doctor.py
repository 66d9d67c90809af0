"""What is wrong with the plugins of an installation."""

from typing import Any

from nasdip_core.discovery import plugins_folder
from nasdip_core.hooks import API_VERSION
from nasdip_core.plugin_settings import disabled_in_file, settings_file
from nasdip_core.plugins import Plugin, Plugins


def examine() -> dict[str, Any]:
    """Return the plugins and the findings, each with what to do."""
    plugins = Plugins.discover()
    findings = [finding for plugin in plugins.plugins for finding in _findings(plugin)]
    known = {name for plugin in plugins.plugins for name in plugin.names}
    findings += [
        _finding(name, "it is disabled and not installed", f"`nasdip plugins enable {name}`")
        for name in disabled_in_file()
        if name not in known
    ]
    findings += [
        _finding(r.plugin, f"{r.offer.kind} '{r.offer.name}': {r.reason}", "give it another name")
        for r in plugins.registrations()
        if r.state == "shadowed"
    ]
    return {
        "api": ".".join(map(str, API_VERSION)),
        "settings": str(settings_file()),
        "folder": str(plugins_folder()),
        "plugins": [
            {"plugin": p.id, "state": p.state, "seconds": p.seconds} for p in plugins.plugins
        ],
        "findings": findings,
    }


def _findings(plugin: Plugin) -> list[dict[str, str]]:
    found = []
    if plugin.state == "failed":
        mend = f"update it, mend it, or `nasdip plugins disable {plugin.id}`"
        found.append(_finding(plugin.id, f"it failed: {plugin.reason}", mend))
    if plugin.state == "incompatible":
        found.append(_finding(plugin.id, plugin.reason, "update the plugin, or nasdip"))
    mend = "its author can import lazily, see `nasdip plugins check`"
    found += [_finding(plugin.id, remark, mend) for remark in plugin.remarks]
    return found


def _finding(plugin: str, what: str, mend: str) -> dict[str, str]:
    return {"plugin": plugin, "what": what, "mend": mend}
