"""What a run has found, as pictures and as the `nasdip.result/1` object."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from nasdip_core.fit.result import FitResult
from nasdip_core.imaging.array_files import array_picture
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.stack import Stack
from nasdip_core.pipeline.chain import Part
from nasdip_core.pipeline.quality import compare, qualities
from nasdip_core.pipeline.recipe import Solved
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.pipeline.sources import Sources
from nasdip_core.problem import Estimate, Problem, Rendered
from nasdip_core.resources import peak_memory_bytes
from nasdip_core.restoration import RestorationProblem

SCHEMA = "nasdip.result/1"
NOT_SURE = (
    "no map of uncertainty: it takes a picture without tiles, and fits that go on after "
    "fit.langevin.burn_in (as with fit.stopping=fixed)"
)
"""Where outputs should have been drawn for one, and were not."""


def outcome(
    resolved: Resolved,
    problem: Problem,
    solved: Solved,
    sources: Sources,
    pictures: Mapping[str, Picture],
    outputs: Mapping[str, str],
    *,
    device: str,
    seconds: float,
) -> dict[str, Any]:
    """Return the object that `--json` prints; `seconds` are those of all sessions."""
    fits = solved.fits
    return {
        "schema": SCHEMA,
        "task": resolved.task_name,
        "architecture": resolved.arch.name,
        "seed": resolved.seed,
        "device": device,
        "iterations": sum(fit.iterations for fit in fits),
        "seconds": round(seconds, 3),
        "peak_memory_bytes": peak_memory_bytes(),
        "outputs": dict(outputs),
        "fits": [
            {"id": fit.id, "iterations": fit.iterations, "stopping": _stopping(fit)} for fit in fits
        ],
        "stopping": _stopping(fits[0]) if len(fits) == 1 else None,
        "parts": [_part(part, problem, sources) for part in solved.parts],
        "quality": _quality(problem, solved, sources, pictures),
    }


def rendered(problem: Problem, estimate: Estimate, sources: Sources) -> dict[str, Picture]:
    """Return the outputs as pictures: of the kind of the input, maps as PNG."""
    return {name: picture_from(r, sources) for name, r in problem.render(estimate).items()}


def uncertainty(problem: Problem, solved: Solved, sources: Sources) -> dict[str, Picture]:
    """Return how far draws from the posterior go from their mean: nothing where none were drawn.

    Tiles keep none, and what is copied is certain. `uncertainty` is an array (H, W, C), samples in
    [0, 1]; `uncertainty-shown` is bright where it is large.
    """
    drawn = [fit.deviation for fit in solved.fits if fit.deviation is not None]
    if not isinstance(problem, RestorationProblem) or not drawn or len(drawn) < len(solved.fits):
        return {}
    squares = [deviation[problem.output].square() for deviation in drawn]
    deviation = problem.framed(sum(squares[1:], start=squares[0]).div(len(squares)).sqrt())
    if problem.copy_known:
        deviation = deviation.masked_fill(problem.known, 0)
    grey = deviation.mean(dim=1, keepdim=True)
    shown = grey / grey.max().clamp(min=1e-12)
    outputs = {
        "uncertainty": Rendered(deviation, array=True),
        "uncertainty-shown": Rendered(shown, own=True),
    }
    return {name: picture_from(output, sources) for name, output in outputs.items()}


def made_of(solved: Solved) -> list[str]:
    """Say which estimates the result is made of, where there was something to choose from."""
    if len(solved.parts) < 2:
        return []
    shares = [f"{part.weight:.0%} {part.name}" for part in solved.parts if part.weight >= 0.005]
    return [f"the result is {', '.join(shares)}"]


def _stopping(fit: FitResult) -> dict[str, Any]:
    return {"rule": fit.rule, "iteration": fit.best_step, "reason": fit.reason}


def picture_from(rendered: Rendered, sources: Sources) -> Picture:
    """Return an output in the form that it is written in."""
    # A map of as many channels as the picture may be no picture, such as an air-light of five.
    array = rendered.array or (rendered.own and rendered.samples.shape[1] not in (1, 3))
    if array or rendered.own:
        frames = [_own(frame, array=array) for frame in rendered.samples]
        if len(frames) == 1:
            return frames[0]
        names = [f"{number:04}.png" for number in range(1, len(frames) + 1)]
        return Stack.of(frames, () if array else names)
    known = None if rendered.known is None else rendered.known.cpu()
    form = rendered.form or sources.picture
    if rendered.samples.shape[1] == 3:
        form = form.in_colour()
    if rendered.alpha is None:
        return form.with_samples(rendered.samples.cpu(), known=known)
    return form.with_samples(rendered.samples.cpu(), known=known, alpha=rendered.alpha.cpu())


def _own(samples: Tensor, *, array: bool) -> Picture:
    """Return samples (C, H, W) that are not of the input's kind."""
    if array:
        return array_picture(samples.permute(1, 2, 0).cpu().numpy())
    bytes_ = (samples.clamp(0, 1) * 255).round().byte()
    return picture_of(bytes_.permute(1, 2, 0).cpu().numpy())


def _part(part: Part, problem: Problem, sources: Sources) -> dict[str, Any]:
    """Return what the result says of one of its parts."""
    quality = None
    truth = sources.true()
    if truth is not None:
        picture = next(iter(rendered(problem, part.estimate, sources).values()))
        quality = compare(picture, truth)
    return {
        "name": part.name,
        "held_out": part.held_out,
        "weight": part.weight,
        "seconds": round(part.seconds, 3),
        "quality": quality,
    }


def _quality(
    problem: Problem, solved: Solved, sources: Sources, pictures: Mapping[str, Picture]
) -> dict[str, Any] | None:
    truth = sources.true()
    if truth is None:
        return None
    name = next(iter(pictures))
    fitted = solved.fitted
    if fitted is None:
        return qualities(pictures[name], pictures[name], None, pictures[name], truth)
    if fitted.oracle is None:
        return None
    oracle = rendered(problem, fitted.oracle, sources)[name]
    last = rendered(problem, fitted.last, sources)[name]
    return qualities(pictures[name], oracle, fitted.oracle_step, last, truth)
