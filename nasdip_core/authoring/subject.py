"""What is checked: a package's folder, a file, or an installed distribution."""

import importlib.metadata
import os
import re
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nasdip_core.discovery import FILES, FOLDER, naming
from nasdip_core.errors import PluginError, did_you_mean
from nasdip_core.hooks import ENTRY_POINT_GROUP
from nasdip_core.plugin_settings import DISABLE
from nasdip_core.registration import OWN_DISTRIBUTION


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a package says of itself."""

    version: str
    licence: str
    python: str
    requires: Sequence[str]
    """Requirements without a condition."""
    dynamic: Collection[str] = ()
    """Fields of [project] that the build fills in: nothing is known of them."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A plugin as it is found, installed or not."""

    distribution: str
    entries: Sequence[str]
    """Names of its entry points; one for a file."""
    metadata: Metadata | None
    """None: a file has none."""
    paths: Sequence[Path] = ()
    """What has to be on the path, so that it is as if installed."""
    file: Path | None = None
    tests: Path | None = None

    def environment(self, scratch: Path) -> dict[str, str]:
        """Return variables under which discovery finds it, and of other guests what it needs."""
        path = [*map(str, self.paths), os.environ.get("PYTHONPATH", "")]
        others = installed() - {OWN_DISTRIBUTION, self.distribution} - self._required()
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(word for word in path if word),
            "PYTHONDONTWRITEBYTECODE": "1",
            "XDG_CONFIG_HOME": str(scratch / "settings"),
            FILES: naming([] if self.file is None else [self.file]),
            FOLDER: "",
            DISABLE: ",".join(others),
        }

    def _required(self) -> set[str]:
        """Return the installed plugins that it requires, and those that these require."""
        found: set[str] = set()
        left = set() if self.metadata is None else _named_in(self.metadata.requires)
        while left:
            found |= left
            left = {
                name for each in left for name in _named_in(importlib.metadata.requires(each) or [])
            } - found
        return found


def _named_in(requirements: Sequence[str]) -> set[str]:
    """Return which of the plugins that are installed requirements name."""
    wanted = {_normalised(re.split(r"[^\w.-]", each, maxsplit=1)[0]) for each in requirements}
    return {name for name in installed() if _normalised(name) in wanted}


def _normalised(name: str) -> str:
    """Return the name of a distribution as installers compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> set[str]:
    """Return the names of the distributions that are plugins."""
    entries = importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)
    return {entry.dist.name for entry in entries if entry.dist is not None}


def subject(name: str, scratch: Path) -> Subject:
    """Return what `name` means; `scratch` is an empty folder for metadata.

    Raises PluginError where it is nothing of the kind.
    """
    path = Path(name)
    if path.is_file() and path.suffix == ".py":
        file = path.absolute()
        return Subject(path.stem.replace("_", "-"), ["file"], None, file=file)
    if path.is_dir():
        return _project(path.absolute(), scratch)
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        hint = f"{did_you_mean(name, installed())} or give a path"
        raise PluginError(f"'{name}' is no folder, file or distribution", hint) from None
    told = found.metadata
    licence = told["License-Expression"] or told["License"] or _licence(told.get_all("Classifier"))
    metadata = Metadata(found.version, licence, told["Requires-Python"] or "", found.requires or [])
    entries = [entry.name for entry in found.entry_points.select(group=ENTRY_POINT_GROUP)]
    return Subject(found.name, entries, metadata)


def _project(folder: Path, scratch: Path) -> Subject:
    """Read a `pyproject.toml`, and write what an installer would make of it."""
    try:
        text = (folder / "pyproject.toml").read_text(encoding="utf-8")
        project: dict[str, Any] = tomllib.loads(text)["project"]
        name: str = project["name"]
    except OSError as error:
        raise PluginError(f"'{folder}' holds no pyproject.toml: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise PluginError(f"'{folder / 'pyproject.toml'}' has no [project] with a name") from error
    dynamic = project.get("dynamic", [])
    version = str(project.get("version", "0" if "version" in dynamic else ""))
    entries: dict[str, str] = project.get("entry-points", {}).get(ENTRY_POINT_GROUP, {})
    shown = version or "0"
    info = scratch / f"{re.sub('[-_.]+', '_', name)}-{shown}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {shown}\n")
    lines = [f"[{ENTRY_POINT_GROUP}]", *(f"{key} = {value}" for key, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join([*lines, ""]))
    licence = project.get("license", "")
    metadata = Metadata(
        version=version,
        licence=str(licence or _licence(project.get("classifiers"))),
        python=project.get("requires-python", ""),
        requires=project.get("dependencies", []),
        dynamic=dynamic,
    )
    tests = folder / "tests"
    return Subject(
        name,
        list(entries),
        metadata,
        paths=[scratch, folder, folder / "src"],
        tests=tests if tests.is_dir() else None,
    )


def _licence(classifiers: Sequence[str] | None) -> str:
    return next((c for c in classifiers or [] if c.startswith("License ::")), "")
