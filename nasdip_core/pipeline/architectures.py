"""Which architectures a run names: a name, a file, a study's best, a preset, or their content."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasdip_core.architecture.named import NamedArchitecture, find_architecture
from nasdip_core.errors import OptionError, PluginError, did_you_mean
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins

if TYPE_CHECKING:
    from nasdip_core.study.reference import Found


def architectures(
    source: str | dict[str, Any] | list[dict[str, Any]], plugins: Plugins, base: Path
) -> tuple[list[NamedArchitecture], "Found | None"]:
    """Return the architectures that a run names, and the study that they come from, if one."""
    if isinstance(source, Mapping):
        return [parse(NamedArchitecture, source, "arch")], None
    if isinstance(source, list):
        if not source:
            raise OptionError("option 'arch' is an empty list", "name an architecture")
        return [parse(NamedArchitecture, each, f"arch.{i}") for i, each in enumerate(source)], None
    beside = base / source
    if beside.is_file():
        return [find_architecture(str(beside), plugins)], None
    if "#" in source or "://" in source:
        from nasdip_core.study.reference import resolve_reference

        found = resolve_reference(source, plugins, base)
        return list(found.architectures), found
    return [find_architecture(source, plugins)], None


def preset_architecture(preset: str, task_name: str, plugins: Plugins) -> NamedArchitecture:
    """Return a preset's architecture for a task. Raises PluginError where there is none."""
    ending = f"-{task_name}"
    names = [r.offer.name for r in plugins.registrations("architecture", f"*{ending}")]
    if preset + ending not in names:
        hint = did_you_mean(preset, [name.removesuffix(ending) for name in names])
        if not names:
            hint = f"a plugin may offer an architecture '{preset}{ending}'; or use --arch"
        raise PluginError(f"there is no preset '{preset}' for task '{task_name}'", hint)
    return find_architecture(preset + ending, plugins)
