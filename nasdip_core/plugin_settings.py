"""Which plugins the user has switched off: a file, and an environment variable."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from nasdip_core.errors import PluginError
from nasdip_core.files import folder_of_user, make_folder, whole_file

DISABLE = "NASDIP_DISABLE_PLUGINS"
_FORMAT = "nasdip.plugin-settings/1"


def config_folder() -> Path:
    """Return where the user's settings are kept: `XDG_CONFIG_HOME`, else ~/.config."""
    return folder_of_user("XDG_CONFIG_HOME", ".config")


def settings_file() -> Path:
    """Return the file that `nasdip plugins disable` writes."""
    return config_folder() / "plugins.json"


def disabled_in_environment() -> list[str]:
    """Return the names in `NASDIP_DISABLE_PLUGINS`."""
    words = (word.strip() for word in os.environ.get(DISABLE, "").split(","))
    return [word for word in words if word]


def disabled_in_file() -> list[str]:
    """Return the names in the settings file. Raises PluginError where it cannot be read."""
    path = settings_file()
    hint = "mend or remove it"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError) as error:
        raise PluginError(f"cannot read '{path}': {error}", hint) from None
    names = content.get("disabled") if isinstance(content, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise PluginError(f"'{path}' holds no list `disabled` of names", hint)
    return names


def write_disabled(names: Iterable[str]) -> None:
    """Write the names of the plugins that are switched off. Raises RunError where it cannot."""
    path = settings_file()
    make_folder(path.parent)
    content = {"format": _FORMAT, "disabled": sorted(set(names))}
    with whole_file(path) as draft:
        draft.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
