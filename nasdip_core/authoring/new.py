"""Writes the beginning of a plugin: a package that installs, passes its tests, and is listed."""

import importlib.util
import keyword
import re
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from nasdip_core.errors import OptionError, PluginError, RunError, did_you_mean
from nasdip_core.hooks import KINDS

_SINCE = dict.fromkeys(("tracker", "step", "features", "network", "objective"), (1, 1))
"""Kinds that nasdip calls since a later contract than the first."""


def kinds() -> list[str]:
    """Return the kinds that a plugin can be begun for: all that nasdip calls."""
    known = {folder.name for folder in _templates("kinds").iterdir()}
    return [kind for kind in KINDS if kind in known]


def new_plugin(name: str, kind: str, folder: Path) -> list[Path]:
    """Write the package `name` with one offer of a kind into `folder`; return its files.

    Raises OptionError for a name that cannot be one, PluginError for an unknown kind, RunError
    where the folder has something in it or cannot be written.
    """
    if kind not in kinds():
        raise PluginError(f"unknown kind '{kind}'", did_you_mean(kind, kinds()))
    words = _words(name, kind)
    try:
        if folder.exists() and any(folder.iterdir()):
            raise RunError(f"'{folder}' has something in it", "give another folder")
        written = []
        for path, template in _files(words, kind):
            text = Template(template.read_text("utf-8")).substitute(words)
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
            written.append(folder / path)
    except OSError as error:
        raise RunError(f"cannot write to '{folder}': {error.strerror}") from None
    return written


def _words(name: str, kind: str) -> dict[str, str]:
    """Return what stands in the templates."""
    hint = "small letters, digits and dashes, such as nasdip-haar"
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise OptionError(f"'{name}' is no name for a plugin", hint)
    package, offer = name.replace("-", "_"), name.removeprefix("nasdip-")
    if name == "nasdip" or not offer[0].isalpha() or keyword.iskeyword(package):
        raise OptionError(f"'{name}' is no name for a plugin", hint)
    if importlib.util.find_spec(package) is not None:
        raise OptionError(f"there is a package '{package}' already", "choose another name")
    name_of_class = "".join(part.capitalize() for part in offer.split("-"))
    if keyword.iskeyword(name_of_class):
        raise OptionError(f"'{name}' is no name for a plugin: '{name_of_class}' is Python's", hint)
    given = {file.name for file in _templates("kinds", kind).iterdir()}
    fields = [f'factory="{package}.{kind}:{name_of_class}"']
    if kind == "residual":
        fields = [f'factory="{package}.{kind}:pattern"']
    if kind == "architecture":
        fields = [f'resource="{package}:network.yaml"']
    if "options.py.txt" in given:
        fields.append(f'options="{package}.options:{name_of_class}Options"')
    if kind in _SINCE:
        fields.append(f"api={_SINCE[kind]}")
    return {
        "Class": name_of_class,
        "Kind": kind.capitalize(),
        "distribution": name,
        "fields": "\n".join(f"            {field}," for field in fields),
        "kind": kind,
        "module": "network.yaml" if kind == "architecture" else f"{kind}.py",
        "name": offer,
        "package": package,
        "version": ".".join(version("nasdip").split(".")[:2]),
    }


def _files(words: dict[str, str], kind: str) -> Iterator[tuple[str, Traversable]]:
    """Yield the path of each file and what it is made from."""
    package, module = words["package"], words["module"]
    places = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        "gitignore": ".gitignore",
        "test.yml": ".github/workflows/test.yml",
        "init.py": f"{package}/__init__.py",
        "offers.py": f"{package}/offers.py",
        "part.py": f"{package}/{module}",
        "network.yaml": f"{package}/{module}",
        "options.py": f"{package}/options.py",
        "test.py": f"tests/test_{package}.py",
    }
    for template in (*_templates("package").iterdir(), *_templates("kinds", kind).iterdir()):
        yield places[template.name.removesuffix(".txt")], template


def _templates(*path: str) -> Traversable:
    return files(__package__).joinpath("templates", *path)
