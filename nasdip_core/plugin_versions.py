"""Which versions of whose plugins something was computed with (torch-free)."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from nasdip_core.digests import contents, texts
from nasdip_core.discovery import FILE
from nasdip_core.plugins import OWN_DISTRIBUTION, Plugins


def guest_versions(content: Any, plugins: Plugins, also: Collection[str] = ()) -> dict[str, str]:
    """Return the version of each guest that offers what texts in `content` name, by its id.

    Of a plugin that is a file, its hash. `also` are ids of plugins that are used without a name.
    """
    words = set(texts(content))
    ids = {*also} | {
        each.plugin
        for each in plugins.registrations()
        if each.offer.name in words or each.qualified in words
    }
    return {
        plugin.id: contents(Path(plugin.module)) if plugin.name == FILE else plugin.version
        for plugin in plugins.plugins
        if plugin.id in ids and plugin.distribution != OWN_DISTRIBUTION
    }
