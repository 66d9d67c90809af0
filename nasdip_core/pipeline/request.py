"""What a restoration is asked for, from the command line, YAML or Python, and how it resolves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from nasdip_core.architecture.named import NamedArchitecture, change
from nasdip_core.digests import by_content
from nasdip_core.errors import OptionError, PictureError, PluginError
from nasdip_core.fit.options import FitOptions
from nasdip_core.imaging.digest import digest
from nasdip_core.imaging.samples import PREFIX as SAMPLE
from nasdip_core.imaging.samples import located
from nasdip_core.options import Options, merge, parse
from nasdip_core.pipeline.architectures import architectures, preset_architecture
from nasdip_core.pipeline.defaults import built, plain, serving, spelt_out, with_defaults
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.plugins import Plugins
from nasdip_core.recipe import RecipeOptions
from nasdip_core.task import TaskOptions

if TYPE_CHECKING:
    from nasdip_core.study.reference import Found

PRESETS = ("fast", "balanced", "best")
"""Presets by the time that they take, the quickest first."""
_AFTER = {"refine", "choice"}
"""Options of a recipe for what comes after the fits."""


class RestoreRequest(Options):
    """The `with` of a task step: everything that the command line can say, under the same names."""

    picture: str | None = Field(
        default=None, description="picture to restore; none: the task's demonstration"
    )
    mask: str | None = Field(default=None, description="mask picture, white = missing")
    truth: str | None = Field(default=None, description="clean picture, for measures only")
    arch: str | dict[str, Any] | list[dict[str, Any]] | None = Field(
        default=None,
        description="architecture: a name, a file, STUDY#best, or its content; of several, each "
        "is fitted and the outputs are averaged",
    )
    kept: list[str] = Field(
        default_factory=list, description="finished fits of a search to take in place of new ones"
    )
    preset: str | None = Field(
        default=None, description="family of architectures: PRESET-TASK is taken"
    )
    seed: int = Field(default=0, ge=0, lt=2**63, description="seed of every random draw")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        default="auto", description="where to compute"
    )
    seconds: float | None = Field(
        default=None,
        gt=0,
        le=1e7,
        description="time to spend: preset, steps and fits are planned for it; none: no limit",
    )
    tile: int | None = Field(
        default=None,
        ge=32,
        le=8192,
        description="side of the tiles in pixels; none: 512 for what is large, else one piece",
    )
    task: dict[str, Any] = Field(default_factory=dict, description="options of the task")
    corrupt: dict[str, Any] | None = Field(
        default=None, description="damage: the picture is clean and is damaged first"
    )
    architecture: dict[str, Any] = Field(
        default_factory=dict, description="changes to the architecture"
    )
    fit: dict[str, Any] = Field(default_factory=dict, description="options of the fit")
    recipe: dict[str, Any] = Field(
        default_factory=dict, description="what is done around the fit: fits, guide, refine, choice"
    )

    @field_validator("picture", "mask", "truth")
    @classmethod
    def _names_a_file(cls, path: str | None) -> str | None:
        if path == "":
            raise ValueError("it is empty; an unset variable of the shell?")
        return path


def resolve(
    task_name: str,
    request: RestoreRequest,
    plugins: Plugins,
    base: Path,
    found: "Found | None" = None,
    *,
    in_memory: bool = False,
) -> Resolved:
    """Fill in defaults and look everything up; paths are relative to `base`.

    `in_memory`: pictures are not where the request says, or not yet.

    Later wins: field defaults, the architecture's fit options, its options for the task, the
    request. `found` is what `arch` leads to in a study, where that is known already. Raises
    PluginError for an unknown name, OptionError for a bad option.
    """
    registration = plugins.find("task", task_name)
    model = registration.options()
    if model is None or not issubclass(model, TaskOptions):
        raise PluginError(f"task '{task_name}' has no options model based on TaskOptions")
    # Recipes, presets and plugins name a task by its short name.
    offered = registration.offer.name
    picture, damage, followed = _picture(task_name, model, request, base)
    corrupt = None
    if damage is not None:
        corrupt = parse(model.Corruption, damage, "corrupt").located(base)
    implied = {} if corrupt is None else model.from_damage(corrupt, request.task)
    task = parse(model, merge(merge(implied, followed), request.task), "task").located(base)
    brought = task.network()
    if brought is not None:
        named, found = [_same(brought, request, plugins, base)], None
    elif request.preset is None and found is not None:
        named = list(found.architectures)
    elif request.preset is None:
        named, found = architectures(request.arch or model.architecture, plugins, base)
    elif request.arch is not None:
        raise OptionError("arch and preset exclude each other")
    else:
        named = [preset_architecture(request.preset, offered, plugins)]
    arch, *companions = [built(change(each, request.architecture), plugins, base) for each in named]
    fitting = merge(merge(plain(FitOptions()), arch.fit_options(offered)), request.fit)
    fit = parse(FitOptions, fitting, "fit")
    stopping = with_defaults("stopping", fit.stopping, plugins, "fit.stopping.with", base)
    objectives = tuple(
        with_defaults("objective", use, plugins, f"fit.objectives.{i}.with", base)
        for i, use in enumerate(fit.objectives)
    )
    fit = fit.model_copy(update={"stopping": stopping, "objectives": objectives})
    own = serving(arch.recipe, offered, plugins) if model.takes_recipe else {}
    usual = merge(plain(RecipeOptions()), own)
    given = merge(usual, request.recipe)
    recipe = spelt_out(parse(RecipeOptions, given, "recipe"), offered, plugins, base)
    if companions and "fits" not in request.recipe:
        recipe = recipe.model_copy(update={"fits": len(named)})
    if recipe.fits < len(named) and companions:
        raise OptionError(
            f"option 'recipe.fits' = {recipe.fits}: {len(named)} networks are to be fitted",
            f"leave it out, or take {len(named)} or more",
        )
    resolved = Resolved(
        task_name=task_name,
        picture=located(picture, base),
        mask=None if request.mask is None else located(request.mask, base),
        truth=None if request.truth is None else located(request.truth, base),
        seed=request.seed,
        device=request.device,
        tile=request.tile,
        task=task,
        corrupt=corrupt,
        arch=arch,
        fit=fit,
        recipe=recipe,
        companions=tuple(companions),
        kept=tuple(located(path, base) for path in request.kept),
        seconds=request.seconds,
        alternatives=()
        if brought is not None
        else _alternatives(task_name, request, plugins, base),
    )
    # What comes after the fits changes nothing about them, but that they may be judged by what
    # they have not seen.
    unchanged = not request.architecture and request.recipe.keys() <= _AFTER
    unchanged &= parse(RecipeOptions, usual, "recipe").judges or not recipe.judges
    if found is not None and unchanged and not in_memory:
        return replace(resolved, kept=_kept(found, resolved))
    return resolved


def _picture(
    task_name: str, model: type[TaskOptions], request: RestoreRequest, base: Path
) -> tuple[str, dict[str, Any] | None, Mapping[str, Any]]:
    """Return the picture, its damage where it is clean, and options that follow from a folder.

    Raises NasdipError where what is given does not go together.
    """
    picture, damage = request.picture, request.corrupt
    if picture is None:
        if request.mask is not None or request.truth is not None:
            raise PictureError("a mask or a truth without a picture", "give PICTURE")
        if model.stacks(request.task):
            raise PictureError("a stack without a picture", "give PICTURE, a folder of frames say")
        picture = model.demonstration["picture"]
        damage = merge(model.demonstration["corrupt"], damage or {})
    followed: Mapping[str, Any] = {}
    folder = not picture.startswith(SAMPLE) and (base / picture).is_dir()
    if folder and damage is None and not model.stacks(request.task):
        standing = model.from_folder((base / picture).absolute(), request.task)
        if standing is not None:
            picture, followed = str(standing[0]), standing[1]
    if damage is not None and request.truth is not None:
        raise OptionError(
            "corrupt.* together with a truth", "corrupt.* makes the picture itself the truth"
        )
    if damage is not None and request.mask is not None:
        raise OptionError("corrupt.* together with a mask", "corrupt.* makes its own damage")
    if request.mask is not None and not model.takes_mask:
        raise OptionError(f"task '{task_name}' takes no mask", "--task inpaint does")
    return picture, damage, followed


def _same(
    brought: NamedArchitecture, request: RestoreRequest, plugins: Plugins, base: Path
) -> NamedArchitecture:
    """Return the network that a task brings. Raises OptionError where another is asked for."""
    asked: Sequence[NamedArchitecture] = [brought]
    if request.arch is not None:
        asked, _ = architectures(request.arch, plugins, base)
    different = len(asked) != 1 or asked[0].architecture != brought.architecture
    if different or request.preset is not None or request.architecture:
        raise OptionError(
            f"the weights are of another architecture, {brought.name}",
            "leave --arch and --preset out",
        )
    return brought


def _kept(found: "Found", resolved: Resolved) -> tuple[str, ...]:
    """Return the fits that a search has kept, where they are of this very picture and run."""
    same = {
        "task": resolved.task_name,
        "options": by_content(plain(resolved.task)),
        "corrupt": None if resolved.corrupt is None else by_content(plain(resolved.corrupt)),
        "fit": plain(resolved.fit),
        "crop": None,
        "seed": resolved.seed,
        "pictures": {Path(resolved.picture.removeprefix(SAMPLE)).name: digest(resolved.picture)},
        "mask": None if resolved.mask is None else digest(resolved.mask),
    }
    if resolved.truth is not None:
        # Without it the search has not kept what is best by it.
        same["truth"] = digest(resolved.truth)
    if any(found.settings.get(key) != value for key, value in same.items()):
        return ()
    return tuple(str(path) for path in found.fits)


def _alternatives(
    task_name: str, request: RestoreRequest, plugins: Plugins, base: Path
) -> tuple[Resolved, ...]:
    """Return the run by each preset that the task has, where the time is to decide."""
    if request.seconds is None or request.arch is not None or request.preset is not None:
        return ()
    offered = plugins.find("task", task_name).offer.name
    architectures = plugins.registrations("architecture", f"*-{offered}")
    named = {r.offer.name for r in architectures if r.state == "loaded"}
    found = []
    for preset in PRESETS:
        if f"{preset}-{offered}" in named:
            words = request.model_copy(update={"preset": preset})
            found.append(replace(resolve(task_name, words, plugins, base), alternatives=()))
    return tuple(found)
