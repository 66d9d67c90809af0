"""Where plugins come from: installed packages, a folder of files, and files that are named.

A file is a plugin of its own, a module that needs no package. `NASDIP_PLUGIN` names files as
`nasdip --plugin FILE.py` does, so that the processes which a command starts see them, too.
"""

import importlib
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

from nasdip_core.errors import PluginError
from nasdip_core.hooks import ENTRY_POINT_GROUP
from nasdip_core.plugin_settings import config_folder
from nasdip_core.registration import OWN_DISTRIBUTION

FILE = "file"
"""Name of every plugin that is a file, where others have that of their entry point."""
FILES = "NASDIP_PLUGIN"
FOLDER = "NASDIP_PLUGINS_DIR"


@dataclass(frozen=True, slots=True)
class Source:
    """A plugin that has been found and is not imported yet."""

    name: str
    distribution: str
    version: str
    value: str
    """The module, or the path of the file."""
    module: str
    """Name of the module that is imported."""
    load: Callable[[], object]


def sources() -> Iterator[Source]:
    """Yield every plugin once: our own, guests by name, then files by path."""
    yield from _installed()
    for path in plugin_files():
        name = path.stem.replace("_", "-")
        yield Source(FILE, name, "0", str(path), path.stem, partial(load_file, path))


def plugin_files() -> list[Path]:
    """Return the files that are plugins: of the folder first, then those that are named."""
    found = [*sorted(plugins_folder().glob("[!_.]*.py")), *named_files()]
    return list(dict.fromkeys(path.absolute() for path in found))


def named_files() -> list[Path]:
    """Return the files that this process was told of."""
    return [Path(name) for name in os.environ.get(FILES, "").split(os.pathsep) if name]


def naming(files: Iterable[Path]) -> str:
    """Return the value of `NASDIP_PLUGIN` that names files.

    Raises PluginError for a path that it cannot hold.
    """
    paths = [str(path.absolute()) for path in files]
    for path in paths:
        if os.pathsep in path:
            what = f"the path of the plugin '{path}' holds '{os.pathsep}', which stands between two"
            raise PluginError(what, "move or rename it")
    return os.pathsep.join(dict.fromkeys(paths))


def plugins_folder() -> Path:
    """Return the folder whose files are plugins: `NASDIP_PLUGINS_DIR`, else one of the settings."""
    named = os.environ.get(FOLDER)
    return Path(named) if named else config_folder() / "plugins"


def load_file(path: Path) -> ModuleType:
    """Import a file under its stem, by which its offers name what is in it.

    Raises PluginError where that name is no name of a module, or that of another one.
    """
    name = path.stem
    hint = "give it another name"
    if not name.isidentifier():
        raise PluginError(f"'{path.name}' cannot be imported by its name", hint)
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) == str(path):
        return known
    taken = name.replace("_", "-") == OWN_DISTRIBUTION or known is not None
    # The folder of the file may be on the path.
    other = None if taken else importlib.util.find_spec(name)
    if taken or (other is not None and other.origin != str(path)):
        raise PluginError(f"'{path.name}': there is a module '{name}' already", hint)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"'{path.name}' is no Python file")
    module = importlib.util.module_from_spec(spec)
    # Registered first, as an import does it: the offers name it, and it may import itself.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _installed() -> Iterator[Source]:
    unique: dict[tuple[str, str], importlib.metadata.EntryPoint] = {}
    for entry in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        # A source checkout on the path shows the same distribution a second time.
        unique.setdefault((entry.dist.name if entry.dist is not None else "", entry.name), entry)
    for key in sorted(unique, key=lambda key: (key[0] != OWN_DISTRIBUTION, *key)):
        entry = unique[key]
        dist = entry.dist
        yield Source(
            name=entry.name,
            distribution="unknown" if dist is None else dist.name,
            version="0" if dist is None else dist.version,
            value=entry.value,
            module=entry.module,
            load=entry.load,
        )
