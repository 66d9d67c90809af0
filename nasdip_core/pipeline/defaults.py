"""Options as plain values, with every default of a plugin spelt out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasdip_core.architecture.named import NamedArchitecture
from nasdip_core.architecture.specification import PluginNetwork, Use
from nasdip_core.errors import PluginError
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_core.recipe import RecipeOptions
from nasdip_core.refine import Refine


def serving(recipe: Mapping[str, Any], task_name: str, plugins: Plugins) -> dict[str, Any]:
    """Return an architecture's recipe without what does not serve a task that borrows it."""
    own = parse(RecipeOptions, recipe, "recipe")

    left = [plain(use) for use in own.refine if task_name in _tasks(use, plugins)]
    kept = dict(recipe)
    if len(left) < len(own.refine):
        kept["refine"] = left
        if not left:
            kept.pop("choice", None)
    if own.guide is not None and task_name not in _tasks(own.guide, plugins):
        kept.pop("guide")
    return kept


def spelt_out(recipe: RecipeOptions, task_name: str, plugins: Plugins, base: Path) -> RecipeOptions:
    """Return the recipe with every option of its plugins spelt out; files lie in `base`.

    Raises PluginError for a refine plugin that does not serve the task.
    """

    def checked(use: Use, where: str) -> Use:
        tasks = _tasks(use, plugins)
        if task_name not in tasks:
            raise PluginError(
                f"refine '{use.uses}' does not serve the task '{task_name}'",
                f"it serves {', '.join(sorted(tasks))}",
            )
        return with_defaults("refine", use, plugins, f"{where}.with", base)

    chain = [checked(use, f"recipe.refine.{i}") for i, use in enumerate(recipe.refine)]
    guide = None if recipe.guide is None else checked(recipe.guide, "recipe.guide")
    return recipe.model_copy(update={"refine": tuple(chain), "guide": guide})


def built(named: NamedArchitecture, plugins: Plugins, base: Path) -> NamedArchitecture:
    """Return an architecture with every option of the plugin that makes it, if one, spelt out."""
    network = named.architecture
    if not isinstance(network, PluginNetwork):
        return named
    spelt = with_defaults("network", network, plugins, "architecture.with", base)
    return named.model_copy(update={"architecture": spelt})


def _tasks(use: Use, plugins: Plugins) -> frozenset[str]:
    refine: type[Refine] = plugins.find("refine", use.uses).resolve()
    return refine.tasks


def with_defaults(kind: str, use: Use, plugins: Plugins, where: str, base: Path) -> Use:
    """Return a plugin's use with every option of the plugin spelt out; files lie in `base`."""
    options = plugins.find(kind, use.uses).located(use.with_, where, base)
    return use.model_copy(update={"with_": plain(options)})


def plain(options: Any) -> dict[str, Any]:
    """Return an options model as plain values."""
    plain: dict[str, Any] = options.model_dump(mode="json", by_alias=True)
    return plain
