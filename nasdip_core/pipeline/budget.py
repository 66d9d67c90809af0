"""Plans a run for the seconds that it is given."""

import hashlib
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from nasdip_core.errors import OptionError
from nasdip_core.options import parse
from nasdip_core.pipeline.document import read_pipeline
from nasdip_core.pipeline.estimate import Estimate, estimate, refinements
from nasdip_core.pipeline.fitting import LEAST, Fitted
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.resolved import Resolved, with_fits, with_steps, without_network
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem
from nasdip_core.restoration import RestorationProblem

_WRITING = 0.5
"""Seconds set aside for what is not fitting: rendering, files, the page."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the time allows, every option spelt out, and how long the fits may take."""

    resolved: Resolved
    fit_seconds: float | None = None
    """Seconds from the start to the end of the fits; None: as long as they take."""
    notes: tuple[str, ...] = ()


def plan_for(
    resolved: Resolved,
    problem: Problem,
    plugins: Plugins,
    device: torch.device,
    *,
    elapsed: float = 0.0,
) -> Plan:
    """Return the run that suits `resolved.seconds` on this machine; without, the run as it is.

    The best preset whose run fits is taken, and its fits are repeated for as long as the time
    allows. Where none fits, the quickest one takes fewer steps, or only its classical estimate.
    Of the time, `elapsed` seconds are gone already.
    Raises OptionError where the time is not enough for that either.
    """
    budget = resolved.seconds
    if budget is None:
        return Plan(resolved)
    if not problem.players:
        # What is learnt already is applied, which takes as long as it takes.
        return Plan(replace(resolved, seconds=None, alternatives=()))
    begun = time.monotonic() - elapsed
    choices = resolved.alternatives or (resolved,)
    expected = [estimate(choice, problem, plugins, device) for choice in choices]
    room = budget - _WRITING - (time.monotonic() - begun)
    fitting = [i for i, found in enumerate(expected) if found.seconds <= room]
    if fitting:
        chosen, takes = choices[fitting[-1]], expected[fitting[-1]]
        # Only the fits of one restored picture can be averaged.
        once = not isinstance(problem, RestorationProblem)
        plan = _plan(chosen, room) if once else _repeated(chosen, takes, room)
    else:
        # What is known may be from a busy hour, and a refusal would never learn better.
        expected[0] = estimate(choices[0], problem, plugins, device, anew=True)
        room = budget - _WRITING - (time.monotonic() - begun)
        plan = _shortened(choices[0], expected[0], room)
    if plan.fit_seconds is None:
        return plan
    return replace(plan, fit_seconds=time.monotonic() - begun + plan.fit_seconds)


def asked_for(resolved: Resolved) -> str | None:
    """Return a hash of what a plan is made from; None where there is nothing to plan."""
    if resolved.seconds is None:
        return None
    choices = (resolved, *resolved.alternatives)
    told = [replace(choice, tile=None).document("") for choice in choices]
    text = json.dumps([resolved.seconds, told], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def earlier_plan(path: Path, name: str, resolved: Resolved, plugins: Plugins) -> Resolved | None:
    """Return the plan that an unfinished or finished run has written; None where there is none.

    A plan made anew might differ, as the machine's speed does. Raises OptionError where the
    pipeline file at `path` is that of another run.
    """
    if not path.exists():
        return None
    step = read_pipeline(path).pipeline.steps[0]
    if step.uses == f"task.{resolved.task_name}":
        request = parse(RestoreRequest, step.with_, "")
        saved = resolve(resolved.task_name, request, plugins, path.parent)
        planned = {name: getattr(saved, name) for name in ("arch", "companions", "fit", "recipe")}
        same = replace(resolved, **planned)
        if same.document(name) == saved.document(name):
            return saved
    raise OptionError(
        f"'{path.parent}' holds a run with other settings", f"see {path}, or use --force"
    )


def tiled_as_before(resolved: Resolved, path: Path) -> Resolved:
    """Return a run with the tiles of an earlier one: other memory may be free by now.

    Raises OptionError where the pipeline file at `path` is none.
    """
    if resolved.tile is not None or not path.exists():
        return resolved
    return replace(resolved, tile=read_pipeline(path).pipeline.steps[0].with_.get("tile"))


def done_in_time(resolved: Resolved, fitted: Fitted | None) -> Resolved:
    """Return a plan as far as the time went: without a clock it gives the same picture."""
    if fitted is None:
        return without_network(resolved)
    if not fitted.fits:
        return resolved
    done = with_fits(resolved, fitted.count)
    if not fitted.cut_off:
        return done
    return with_steps(done, max(f.iterations for f in fitted.fits))


def _repeated(chosen: Resolved, expected: Estimate, room: float) -> Plan:
    """Average as many fits as there is time for."""
    recipe = chosen.recipe
    before, after = (count * expected.refine_seconds for count in refinements(recipe))
    one = chosen.fit.steps * expected.step_seconds
    if recipe.fits:
        fits = min(100, max(recipe.fits, int((room - before - after) / one)))
        recipe = recipe.model_copy(update={"fits": fits})
    return _plan(replace(chosen, recipe=recipe), room - after)


def _shortened(chosen: Resolved, expected: Estimate, room: float) -> Plan:
    """Take fewer steps, else no network."""
    chosen = with_fits(chosen, min(1, chosen.recipe.fits))
    recipe = chosen.recipe
    before, after = (count * expected.refine_seconds for count in refinements(recipe))
    steps = int((room - before - after) / expected.step_seconds)
    if recipe.fits and steps >= (LEAST * chosen.fit.steps if recipe.refine else 1):
        fit = chosen.fit.model_copy(update={"steps": min(steps, chosen.fit.steps)})
        return _plan(replace(chosen, fit=fit), room - after)
    least = expected.refine_seconds if recipe.refine else expected.step_seconds
    if recipe.refine and room >= least:
        return _plan(without_network(chosen), None)
    seconds = chosen.seconds or 0.0
    raise OptionError(
        f"--seconds {seconds:g} is too little for this picture on this machine",
        f"give {seconds - room + least:.1f} or more",
    )


def _plan(resolved: Resolved, fit_seconds: float | None) -> Plan:
    fits, steps = resolved.recipe.fits, resolved.fit.steps
    what = f"{fits} fit{'s' if fits > 1 else ''} of {steps} steps at most" if fits else "no fit"
    note = f"planned for {resolved.seconds:g} s: {resolved.arch.name}, {what}"
    return Plan(replace(resolved, seconds=None, alternatives=()), fit_seconds, (note,))
