"""Named architectures: a network as data together with the fit options it was made for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from nasdip_core.architecture.specification import NetworkSpecification, PluginNetwork
from nasdip_core.errors import OptionError, PluginError
from nasdip_core.options import Options, merge, parse
from nasdip_core.plugins import Plugins
from nasdip_core.yaml_text import Loader, dump


class NamedArchitecture(Options):
    """The content of an architecture file (YAML)."""

    nasdip: int = Field(default=1, ge=1, le=1, description="version of the file format")
    name: str = Field(default="unnamed", description="short name")
    summary: str = Field(default="", description="one line on what it is")
    source: str = Field(default="", description="publication or measurement it comes from")
    architecture: NetworkSpecification = Field(
        description="the network; in a file also the name of another, to take its network"
    )
    fit: dict[str, Any] = Field(default_factory=dict, description="fit options it was made for")
    tasks: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="fit options by task, on top of `fit`"
    )
    recipe: dict[str, Any] = Field(
        default_factory=dict, description="what it is combined with: fits, guide, refine, choice"
    )

    def fit_options(self, task: str) -> dict[str, Any]:
        """Return the fit options for a task."""
        return merge(self.fit, self.tasks.get(task, {}))


def find_architecture(source: str, plugins: Plugins) -> NamedArchitecture:
    """Return an architecture by its name or from a YAML file.

    Raises PluginError for an unknown name or file, OptionError for bad content.
    """
    path = Path(source)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            raise PluginError(f"cannot read architecture file '{source}': {reason}") from None
        content = _whole(_content(text, source), path.stem, plugins)
        return parse(NamedArchitecture, content, source)
    return parse(NamedArchitecture, _offered(source, plugins), source)


def _offered(name: str, plugins: Plugins) -> dict[str, Any]:
    """Return the content of an architecture that a plugin offers."""
    registration = plugins.find("architecture", name)
    content = _content(registration.text(), name)
    if content.get("architecture") == registration.offer.name:
        raise OptionError(f"'{name}' names itself as its network")
    return _whole(content, registration.offer.name, plugins)


def _content(text: str, source: str) -> Mapping[str, Any]:
    """Return what a file says."""
    try:
        content = yaml.load(text, Loader)
    except (yaml.YAMLError, ValueError) as error:  # the latter of a date that is none
        raise OptionError(f"'{source}' is no valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, Mapping):
        raise OptionError(f"'{source}' holds no architecture", "it must be a YAML mapping")
    return content


def _whole(content: Mapping[str, Any], name: str, plugins: Plugins) -> dict[str, Any]:
    """Return the content of a file, the network that it only names put in its place."""
    if isinstance(content.get("architecture"), str):
        network = _offered(content["architecture"], plugins)["architecture"]
        content = {**content, "architecture": network}
    return {"name": name, **content}


def to_yaml(named: NamedArchitecture) -> str:
    """Return the file content that reads back as the same architecture."""
    return dump(named.model_dump(mode="json", by_alias=True), default_flow_style=None)


def change(named: NamedArchitecture, over: Mapping[str, Any]) -> NamedArchitecture:
    """Return the architecture with some of its fields replaced (`-S architecture.KEY=VALUE`)."""
    if not over:
        return named
    network = named.architecture
    base = network.model_dump(mode="json", by_alias=True)
    if over.get("uses", base.get("uses")) != base.get("uses"):
        base = {}  # another network has none of the options of the one it replaces
    elif not isinstance(network, PluginNetwork):
        base = _of_levels(base, over.get("levels", network.levels))
    content = {**named.model_dump(by_alias=True), "architecture": merge(base, over)}
    changed = parse(NamedArchitecture, content, "")
    return changed.model_copy(update={"name": f"{named.name} (changed)"})


def _of_levels(network: dict[str, Any], levels: Any) -> dict[str, Any]:
    """Return a U-Net with the widths of so many levels: its own, the coarsest one repeated."""
    for part in ("encoder", "decoder", "skip"):
        widths = (network[part] or {}).get("widths")
        if isinstance(levels, int) and widths:
            network[part]["widths"] = [*widths, *([widths[-1]] * levels)][:levels]
    return network
