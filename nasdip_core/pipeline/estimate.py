"""What a run will take, before anything is fitted: memory, time, and whether it needs tiles."""

import json
import math
import time
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from nasdip_core.architecture.assemble import assemble
from nasdip_core.architecture.cost import Cost, cost_of
from nasdip_core.architecture.input import draw_input
from nasdip_core.architecture.specification import Use
from nasdip_core.errors import OptionError
from nasdip_core.fit.networks import cost_in
from nasdip_core.pipeline.calibration import Calibration
from nasdip_core.pipeline.chain import Chain
from nasdip_core.pipeline.recipe import Solved
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem, Slot
from nasdip_core.recipe import RecipeOptions
from nasdip_core.resources import memory_at_hand, resident_memory_bytes
from nasdip_core.restoration import RestorationProblem
from nasdip_core.seeds import generator
from nasdip_core.tiles import SIDES_OF_MARGIN, Tile

_GRADIENTS = 2.0
"""Memory of a step as a multiple of what its forward pass keeps; measured 1.9 to 2.0."""
_COPIES = 8
"""Copies of the picture in single precision that a run holds at its peak."""
_LARGEST_TILE = 512
_SMALLEST_TILE = 64
_LARGEST_WHOLE = 2 * 2**20
"""Pixels above which a picture is fitted in tiles, however much memory there is."""
_TELLING = 30
"""Steps of a fit from which on its time tells how long a step takes."""
_TIMED_SIDE = 96
"""Pixels of the side of the part on which refine plugins are timed."""
_TIMED_MACS = 2e9
"""The step that is timed takes about so many multiply-adds, a second or less on one core."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take."""

    cost: Cost
    """Of the network at picture size, or at tile size."""
    memory_bytes: int
    """The process's high-water mark."""
    step_seconds: float
    """Of a step on the whole picture, in all its tiles."""
    refine_seconds: float
    """Of the recipe's refine plugins, once."""
    seconds: float
    """Of the whole run, if the rule does not end its fits earlier."""
    tile: int | None
    """Side of the tiles; None where the picture is fitted in one piece."""
    tiles: int


def choose_tile(
    resolved: Resolved, problem: Problem, plugins: Plugins, device: torch.device
) -> int | None:
    """Return the side of the tiles; None where the picture is fitted in one piece.

    Raises OptionError where they are too small, or the problem has no parts.
    """
    slot = next(iter(problem.slots.values()))
    side = resolved.tile or problem.tile_side
    if side is None and isinstance(problem, RestorationProblem):
        free = memory_at_hand(device)

        def short(size: tuple[int, int]) -> bool:
            network = _of_fit(_cost(resolved, slot, plugins, size)) if resolved.recipe.fits else 0
            return network + _pictures(problem) > free

        least = max(_SMALLEST_TILE, SIDES_OF_MARGIN * max(problem.margin))
        usual = max(_LARGEST_TILE, least)
        large = math.prod(slot.size) > _LARGEST_WHOLE and _has_parts(problem, usual)
        if large or short(slot.size):
            side = usual
            while side > least and (side >= max(slot.size) or short((side, side))):
                side = max(side // 2, least)
    # What is learnt on squares is cut from a larger picture.
    size = slot.size if isinstance(problem, RestorationProblem) else problem.result_size
    if side is None or side >= max(size):
        return None
    if not isinstance(problem, RestorationProblem):
        copy(problem).in_tiles(side)
    tiling = problem.tiling(side)
    if isinstance(problem, RestorationProblem):
        problem.tile(tiling.tiles[0])
    return side


def _has_parts(problem: RestorationProblem, side: int) -> bool:
    """Return whether a problem can be cut into tiles of a side."""
    try:
        problem.tile(problem.tiling(side).tiles[0])
    except OptionError:
        return False
    return True


def estimate(
    resolved: Resolved,
    problem: Problem,
    plugins: Plugins,
    device: torch.device,
    *,
    anew: bool = False,
) -> Estimate:
    """Return what a run will take; the seconds are measured on a small part, or known already."""
    slot = next(iter(problem.slots.values()))
    side = choose_tile(resolved, problem, plugins, device)
    size, tiles = slot.size, 1
    if side is not None:
        size = (min(side, slot.size[0]), min(side, slot.size[1]))
        tiles = len(problem.tiling(side).tiles)
    cost = _cost(resolved, slot, plugins, size)
    known = Calibration(device, anew=anew)
    rate = known.seconds(
        step_label(resolved, slot.channels),
        lambda: _seconds_per_mac(resolved, slot.channels, plugins, device),
    )
    step = rate * cost.macs * tiles * _networks(problem) * problem.passes
    refine = _refine_seconds(resolved, problem, plugins, known)
    recipe = resolved.recipe
    seconds = recipe.fits * steps_of(resolved, problem) * step + sum(refinements(recipe)) * refine
    memory = resident_memory_bytes() + _pictures(problem)
    memory += _networks(problem) * _of_fit(cost) if recipe.fits else 0
    return Estimate(cost, memory, step, refine, seconds, side, tiles)


def steps_of(resolved: Resolved, problem: Problem) -> int:
    """Return how many steps a fit takes at most: one look where nobody trains."""
    return resolved.fit.steps if problem.players else 1


def step_label(resolved: Resolved, channels: int) -> str:
    """Return the name under which the seconds a multiply-add of a fit are known."""
    precision = resolved.fit.precision
    return f"step {channels} {precision} {resolved.arch.architecture.model_dump_json()}"


def refinements(recipe: RecipeOptions) -> tuple[int, int]:
    """Return how often a run makes a classical estimate at most: before its fits, after them."""
    guide = int(recipe.guide is not None)
    if not recipe.refine:
        return guide, 0
    if recipe.judges:
        # With measurements kept back, alone and from a pilot; then both with all of them.
        return guide + 1, 3
    return guide + int(recipe.choice == "mean" and recipe.fits > 0), 1


def _refine_seconds(
    resolved: Resolved, problem: Problem, plugins: Plugins, known: Calibration
) -> float:
    """Return the seconds of the refine plugins on the whole picture, by those of a part of it."""
    recipe = resolved.recipe
    uses = recipe.refine or ((recipe.guide,) if recipe.guide is not None else ())
    if not uses or not isinstance(problem, RestorationProblem):
        return 0.0
    tile, pixels = timed_part(problem)
    area = tile.height * tile.width
    try:
        part = problem.tile(tile)
    except OptionError:  # An operator that has no parts is timed on the whole.
        part, area = copy(problem), math.prod(problem.size)
    # Where the middle is a hole there is nothing to work on.
    part.known = part.fitted = torch.ones_like(part.known) if not part.known.any() else part.known

    def measure() -> float:
        chain = Chain(uses, plugins)
        # The first one also imports what the plugins need.
        return min(chain.refine(part, None).seconds for _ in range(2)) / area

    return known.seconds(_refine_label(uses, problem), measure) * pixels


def timed_part(problem: RestorationProblem) -> tuple[Tile, int]:
    """Return the part on which refine plugins are timed, and how many pixels it stands for.

    It is the middle, which stands for all; where something is missing, a part that lacks about as
    much as others, and it stands for all parts that lack something: the others take no time.
    """
    factor = problem.operator.factor
    height, width = (min(side, max(_TIMED_SIDE // factor, 1) * factor) for side in problem.size)
    whole = math.prod(problem.size)
    top, left = (
        (side - own) // 2 // factor * factor
        for side, own in zip(problem.size, (height, width), strict=True)
    )
    missing = (~problem.known).float().mean(dim=0, keepdim=True)
    if factor > 1 or not missing.any():
        return Tile("timed", top, left, height, width), whole
    share = F.avg_pool2d(missing, (height, width), ceil_mode=True)[0, 0]
    mixed = (share > 0) & (share < 1)
    if not mixed.any():
        return Tile("timed", top, left, height, width), whole
    usual = share[mixed].median()
    row, column = divmod(int((share - usual).abs().add(~mixed).argmin()), share.shape[1])
    top, left = (
        min(place * own, side - own)
        for place, own, side in zip((row, column), (height, width), problem.size, strict=True)
    )
    pixels = min(whole, int((share > 0).sum()) * height * width)
    return Tile("timed", top, left, height, width), pixels


def _refine_label(uses: Sequence[Use], problem: RestorationProblem) -> str:
    """Return the name under which the seconds a pixel of refine plugins are known."""
    named = " ".join(f"{use.uses} {json.dumps(use.with_)}" for use in uses)
    channels, factor = problem.measured.shape[1], problem.operator.factor
    frames, gaps = problem.measured.shape[0], " gaps" if not problem.known.all() else ""
    return f"refine {channels} x {frames} {problem.copy_known} {factor}{gaps} {named}"


def learn(
    resolved: Resolved, problem: Problem, solved: Solved, plugins: Plugins, device: torch.device
) -> None:
    """Note how long the steps and filters of a run took, for plans to come."""
    known = Calibration(device)
    slot = next(iter(problem.slots.values()))
    fitted = solved.fitted
    whole = fitted is not None and len(fitted.fits) == 1 and not fitted.tiled
    if whole and solved.fits[0].iterations >= _TELLING:
        fit = solved.fits[0]
        macs = _cost(resolved, slot, plugins, slot.size).macs
        macs *= _networks(problem) * problem.passes
        known.learn(step_label(resolved, slot.channels), fit.seconds / fit.iterations / macs)
    alone = [part for part in solved.parts if not part.name.startswith("fit")]
    if (
        alone
        and resolved.recipe.choice in ("last", "mean")
        and isinstance(problem, RestorationProblem)
    ):
        seconds = alone[0].seconds / timed_part(problem)[1]
        known.learn(_refine_label(resolved.recipe.refine, problem), seconds)


def _cost(resolved: Resolved, slot: Slot, plugins: Plugins, size: tuple[int, int]) -> Cost:
    """Return what the network of a run costs at a size; a guide has the picture's channels."""
    guide = 0 if resolved.recipe.guide is None else slot.channels
    return cost_in(slot, resolved.arch.architecture, plugins, size, guide)


def _networks(problem: Problem) -> int:
    """Return how many networks the architecture fills; those of the task itself are small."""
    return sum(slot.module is None for slot in problem.slots.values())


def _pictures(problem: Problem) -> int:
    """Return the bytes of the copies of the picture that a run holds."""
    slot = next(iter(problem.slots.values()))
    return 4 * _COPIES * slot.frames * slot.channels * math.prod(slot.size)


def _of_fit(cost: Cost) -> int:
    """Return the bytes that a fit takes: weights, Adam's moments, snapshots, a step."""
    return int(4 * 10 * cost.parameters + _GRADIENTS * cost.activation_bytes)


def _seconds_per_mac(
    resolved: Resolved, channels: int, plugins: Plugins, device: torch.device
) -> float:
    """Return the seconds of a training step by multiply-adds of its forward pass, measured."""
    architecture = resolved.arch.architecture
    side = 256
    while side > 32 and cost_of(architecture, channels, (side, side), plugins).macs > _TIMED_MACS:
        side //= 2
    network = assemble(architecture, channels, plugins).to(device)
    z = draw_input(architecture.input, network.input_size((side, side)), generator(0, "timing"))
    z = z.to(device)
    half = resolved.fit.precision == "bfloat16"
    threads, seconds = torch.get_num_threads(), []
    # Like the fit itself: on busy cores one thread can be faster than all.
    for count in {threads, 1}:
        torch.set_num_threads(count)
        for _ in range(3):
            started = time.perf_counter()
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                loss = network(z, (side, side)).float().square().mean()
            loss.backward()
            float(loss.detach())
            seconds.append(time.perf_counter() - started)
    torch.set_num_threads(threads)
    return min(seconds) / cost_of(architecture, channels, (side, side), plugins).macs
