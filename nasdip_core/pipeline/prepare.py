"""From a resolved request to a problem that is ready to be fitted."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from nasdip_core.architecture.specification import PluginNetwork
from nasdip_core.errors import OptionError, PluginError
from nasdip_core.fit.stopping import StoppingRule
from nasdip_core.imaging.picture import Picture
from nasdip_core.objective import Objective
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.pipeline.sources import Sources, check_truth, read_sources
from nasdip_core.plugins import Plugins
from nasdip_core.problem import NO_LANGEVIN, NO_OBJECTIVES, Problem
from nasdip_core.restoration import RestorationProblem
from nasdip_core.seeds import generator

_KEPT_BACK = 0.03
"""Share of the measurements to choose by where the stopping rule keeps none back."""

_DARK = 0.125
"""Share of the range below which a picture is too dark for what is made for pictures."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a fit needs, and the pictures that its result goes back to."""

    sources: Sources
    problem: Problem


def prepare(
    resolved: Resolved, plugins: Plugins, given: Mapping[str, Picture] | None = None
) -> Prepared:
    """Read the pictures and let the task state its problem.

    Raises PictureError, OptionError or PluginError; nothing is written.
    """
    task = plugins.create("task", resolved.task_name, plugins)
    sources = read_sources(resolved, task, given or {})
    inputs = sources.inputs()
    problem: Problem = task.problem(inputs, resolved.task, generator(resolved.seed, "problem"))
    check_truth(inputs.truth, problem.result_size)
    _check_recipe(resolved, problem)
    _check_fit(resolved, problem, plugins)
    if isinstance(problem, RestorationProblem) and not inputs.inks:
        problem.notes += _dark(inputs.picture)
    return Prepared(sources, problem)


def _dark(picture: Tensor) -> list[str]:
    """Return what is to be known of a picture that uses little of its range, as 12 bits of 16."""
    brightest = float(picture.max())
    if not 0 < brightest < _DARK:
        return []
    return [
        f"the brightest sample is at {brightest:.2g} of the range: so dark a picture is restored "
        "less well than a brighter one; scale it"
    ]


def _check_recipe(resolved: Resolved, problem: Problem) -> None:
    """Raise OptionError where the task allows no such recipe."""
    recipe = resolved.recipe
    if isinstance(problem, RestorationProblem):
        if not problem.refinable and not recipe.fits:
            raise OptionError("without fits there is nothing to be done", "leave recipe.* out")
    elif resolved.companions:
        raise OptionError(
            f"task '{resolved.task_name}' takes one network: only pictures of one restored picture "
            "can be averaged",
            "name one, STUDY#best say",
        )
    elif recipe.fits != 1 or recipe.guide is not None or recipe.refine:
        raise OptionError(
            f"task '{resolved.task_name}' takes no recipe",
            "leave recipe.* out; where the architecture brings one, say recipe.fits=1",
        )


def _check_fit(resolved: Resolved, problem: Problem, plugins: Plugins) -> None:
    """Raise OptionError where the fit would refuse its options, once a run is written."""
    if problem.on_unet and isinstance(resolved.arch.architecture, PluginNetwork):
        what = f"task '{resolved.task_name}' takes a U-Net, '{resolved.arch.name}' is none"
        raise OptionError(what, "take another --arch")
    if resolved.fit.objectives and type(problem).shaped is Problem.shaped:
        raise OptionError(*NO_OBJECTIVES)
    if resolved.fit.langevin.noise and not problem.averaged:
        raise OptionError(*NO_LANGEVIN)
    if type(problem).hold_out is Problem.hold_out:
        keep_back(problem, resolved, plugins)  # refused, if the rule wants any
    if resolved.fit.precision != "float32" and any(
        slot.in_channels is not None for slot in problem.slots.values()
    ):
        raise OptionError(
            f"option 'fit.precision' = '{resolved.fit.precision}': task '{resolved.task_name}' "
            "feeds its networks itself, in float32",
            "leave it out",
        )


def keep_back(
    problem: Problem, resolved: Resolved, plugins: Plugins, within: Tensor | None = None
) -> None:
    """Keep back from the fits what the run's stopping rule, or else its recipe, judges by.

    `within` (1, 1, h, w) bool: where, of a picture that is partly copied.
    """
    if not problem.players:  # nothing is fitted
        return
    share = make_rule(resolved, plugins).held_out
    if not 0 <= share < 1:
        rule = resolved.fit.stopping.uses
        raise PluginError(f"rule '{rule}' keeps back a share of {share}: it must lie in [0, 1)")
    if not share and resolved.recipe.judges:
        share = _KEPT_BACK
    if not share:
        return
    draws = generator(resolved.problem_seed, "held-out")
    if within is not None and isinstance(problem, RestorationProblem):
        problem.hold_out(share, draws, within)
    else:
        problem.hold_out(share, draws)


def make_objectives(resolved: Resolved, plugins: Plugins) -> list[Objective]:
    """Return fresh objectives of the run's fit."""
    return [
        plugins.find("objective", use.uses).made(use.with_, f"fit.objectives.{i}.with", plugins)
        for i, use in enumerate(resolved.fit.objectives)
    ]


def make_rule(resolved: Resolved, plugins: Plugins) -> StoppingRule:
    """Return a fresh stopping rule of the run."""
    use = resolved.fit.stopping
    rule: StoppingRule = plugins.find("stopping", use.uses).made(use.with_, "fit.stopping.with")
    return rule
