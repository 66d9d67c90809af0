"""`nasdip run --dry-run`: build everything, fit nothing, say what it will cost."""

from typing import TYPE_CHECKING, Any

from nasdip_core.cli.output import say

if TYPE_CHECKING:
    from nasdip_core.pipeline.jobs import Job
    from nasdip_core.plugins import Plugins


def dry_run(job: "Job", plugins: "Plugins") -> dict[str, Any]:
    """Show the plan of one job on stderr and return it as `nasdip.plan/1`; write nothing."""
    from nasdip_core.device import choose_device
    from nasdip_core.pipeline.budget import plan_for
    from nasdip_core.pipeline.estimate import estimate, steps_of
    from nasdip_core.pipeline.prepare import prepare

    resolved = job.resolved
    device = choose_device(resolved.device)
    prepared = prepare(resolved, plugins)
    problem, channels = prepared.problem, prepared.sources.channels
    plan_made = plan_for(resolved, problem, plugins, device)
    resolved = plan_made.resolved
    for note in plan_made.notes:
        say(note)
    recipe = resolved.recipe
    plan: dict[str, Any] = {
        "schema": "nasdip.plan/1",
        "task": resolved.task_name,
        "architecture": resolved.arch.name,
        "picture": resolved.picture,
        "output": str(job.folder),
        "device": str(device),
        "fits": recipe.fits,
        "steps": steps_of(resolved, problem),
        "stopping": resolved.fit.stopping.uses,
        "guide": None if recipe.guide is None else recipe.guide.uses,
        "refine": [use.uses for use in recipe.refine],
        "choice": recipe.choice,
    }
    for key, value in plan.items():
        if key != "schema":
            say(f"{key:<13} {value}")
    slot = next(iter(problem.slots.values()))
    expected = estimate(resolved, problem, plugins, device)
    cost = expected.cost
    pieces = "one piece"
    if expected.tile is not None:
        pieces = f"{expected.tiles} tiles of {expected.tile} pixels"
    height, width = problem.result_size
    frames = "" if slot.frames == 1 else f"{slot.frames} frames of "
    say(f"result        {frames}{width} x {height}, {channels} channels, in {pieces}")
    say(f"network       {cost.parameters:,} parameters, {cost.macs / 1e9:.2f} G multiply-adds")
    say(f"memory        {expected.memory_bytes / 2**20:.0f} MiB")
    say(f"time          {expected.seconds:.0f} s at most on this machine")
    return {
        **plan,
        "size": [height, width],
        "channels": channels,
        "frames": slot.frames,
        "parameters": cost.parameters,
        "macs": cost.macs,
        "activation_bytes": cost.activation_bytes,
        "memory_bytes": expected.memory_bytes,
        "seconds": round(expected.seconds, 3),
        "tile": expected.tile,
        "tiles": expected.tiles,
    }
