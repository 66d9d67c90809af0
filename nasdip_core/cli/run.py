"""`nasdip run`: restore a picture, or run a pipeline file."""

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasdip_core.cli.output import fail, json_result, result, say
from nasdip_core.cli.parameters import AsJson, Debug, Launcher, Settings, Task, crew_of
from nasdip_core.discovery import named_files
from nasdip_core.errors import ExitCode, NasdipError, OptionError, RunError, RunInterruptedError

if TYPE_CHECKING:
    from nasdip_core.pipeline.folder import RunFolder
    from nasdip_core.pipeline.jobs import Failure, Job, Plan
    from nasdip_core.plugins import Plugins, Registration
    from nasdip_core.supervise import Crew


def run(  # noqa: PLR0912, PLR0915  # kinds of sources, each a line or two
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[PICTURE|FOLDER|PIPELINE.yaml]",
            help="Picture (sample:NAME: a bundled one), folder of pictures, or pipeline file.",
        ),
    ] = None,
    task: Task = None,
    mask: Annotated[str | None, typer.Option(help="Mask picture: white = missing.")] = None,
    truth: Annotated[
        str | None, typer.Option(help="Clean picture, used for measures only.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: nasdip-out/STEM-TASK.")
    ] = None,
    arch: Annotated[
        str | None, typer.Option(help="Architecture: a name (nasdip list architecture) or a file.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="fast, balanced (default) or best: how much time to take.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(help="Time to spend; preset, steps and fits follow from it.")
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(help="What an earlier run has learnt: only to be applied (translate)."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random draw; default 0.")] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu, cuda or mps; default auto.")
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(help="Side of tiles in pixels; default: 512 for pictures over 2 megapixels."),
    ] = None,
    settings: Settings = None,
    tracker: Annotated[
        list[str] | None,
        typer.Option(help="Reader of the run's events (nasdip list tracker); may be repeated."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier result.")] = False,
    only: Annotated[
        str | None, typer.Option("--only", metavar="ID", help="Do one step of a pipeline.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="ID", help="Do a step again, and all that need it."),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(min=1, help="Pictures of a folder, or steps of a pipeline, side by side."),
    ] = 1,
    launcher: Launcher = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and show the plan; write nothing.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001  # read by main(), which sees failures of every command
) -> None:
    """Restore a picture, or a folder of pictures; without PICTURE the task shows itself."""
    # Before the heavy imports: a user's seconds run already.
    started = time.monotonic()
    from nasdip_core.cli.pipeline import Asked, is_workflow, run_pipeline
    from nasdip_core.options import from_dotted, merge
    from nasdip_core.pipeline.document import read_pipeline
    from nasdip_core.pipeline.jobs import changed, plan
    from nasdip_core.plugins import Plugins
    from nasdip_core.workflow.graph import graph_of

    if source == "":
        raise OptionError("PICTURE is empty", "an unset variable of the shell?")
    if resume and force:
        raise OptionError("--resume and --force exclude each other")
    if arch is not None and preset is not None:
        raise OptionError("--arch and --preset exclude each other")
    words: dict[str, Any] = {"mask": mask, "truth": truth, "arch": arch, "seed": seed}
    words |= {"preset": preset, "device": device, "tile": tile, "seconds": seconds}
    given = {key: value for key, value in words.items() if value is not None}
    plugins = Plugins.discover()
    if weights is not None:
        if task is not None and "weights" not in _options_of(task, plugins):
            raise OptionError(f"--weights with task '{task}', which learns nothing to be kept")
        given["task"] = {"weights": weights}
    given = merge(given, from_dotted(settings or []))
    trackers = [plugins.find("tracker", name) for name in tracker or []]
    if source is not None and source.lower().endswith((".yaml", ".yml")):
        if is_workflow(Path(source)):
            if launcher is not None:
                raise OptionError("--launcher is for folders of pictures")
            if force:
                raise OptionError(
                    "--force is for single runs", "--from ID does a step and what follows anew"
                )
            asked = Asked(
                source, task, output, only, since, workers, dry_run, as_json, tracker or []
            )
            run_pipeline(asked, given, plugins)
            return
        # Of one step, but it may say that it needs another.
        graph_of(changed(read_pipeline(Path(source)), given), plugins)
    for flag, value in (("--only", only), ("--from", since)):
        if value is not None:
            raise OptionError(f"{flag} is for pipelines of several steps")
    launched = launcher is not None or "launcher" in given
    crew = crew_of(workers, launcher, given, plugins)
    planned = plan(source, task, given, output, plugins)
    if launched and planned.kind != "batch":
        raise OptionError("--launcher is for folders of pictures")
    if crew is not None and planned.kind == "batch" and not dry_run:
        how: dict[str, Any] = {"resume": resume, "force": force, "trackers": tracker or []}
        results, failures = _together(planned, how, crew, quiet=as_json)
    else:
        how = {"resume": resume, "force": force, "quiet": as_json, "trackers": trackers}
        results, failures = _each(planned, plugins, started, dry_run=dry_run, how=how)
    if as_json:
        json_result(_combined(planned, results, failures))
    if failures:
        say(f"{len(failures)} of {len(results) + len(failures)} pictures failed")
        raise typer.Exit(ExitCode.FAILED)


def _options_of(task: str, plugins: "Plugins") -> set[str]:
    model = plugins.find("task", task).options()
    return set() if model is None else set(model.model_fields)


def _each(
    planned: "Plan", plugins: "Plugins", started: float, *, dry_run: bool, how: dict[str, Any]
) -> "tuple[list[dict[str, Any]], list[Failure]]":
    """Do every job of a command; a picture of a folder that fails does not end it."""
    from nasdip_core.blame import attributed, said
    from nasdip_core.cli.dry_run import dry_run as show_plan
    from nasdip_core.pipeline.folder import RunFolder
    from nasdip_core.pipeline.jobs import Failure

    results: list[dict[str, Any]] = []
    failures = list(planned.failures)
    for failure in failures:
        fail(f"{failure.label}: {failure.error}")
    single = planned.kind == "single"
    for job in planned.jobs:
        folder = RunFolder(job.folder)
        if not single:
            say(f"{job.label}:")
        try:
            if dry_run:
                results.append(show_plan(job, plugins))
            else:
                when = started if single else None
                results.append(_run(job, plugins, folder, started=when, **how))
        except RunInterruptedError as error:
            hint = None if dry_run else _resume(planned, folder, how)
            raise RunInterruptedError(error.what, hint) from None
        except Exception as error:  # a plugin may fail in any way, and the others go on
            if single:
                raise
            told = attributed(error)
            known = told if isinstance(told, NasdipError) else RunError(said(told))
            failures.append(Failure(job.label, known))
            fail(f"{job.label}: {known}")
    return results, failures


def _together(
    planned: "Plan", how: dict[str, Any], crew: "Crew", *, quiet: bool
) -> "tuple[list[dict[str, Any]], list[Failure]]":
    """Let workers do the jobs of a folder."""
    from nasdip_core.cli.batch import restore_together

    try:
        return restore_together(planned, how, crew, (lambda *_: None) if quiet else _show)
    except RunInterruptedError as error:
        raise RunInterruptedError(error.what, _resume_together(how)) from None


def _run(
    job: "Job",
    plugins: "Plugins",
    folder: "RunFolder",
    *,
    started: float | None,
    resume: bool,
    force: bool,
    quiet: bool,
    trackers: "list[Registration]",
) -> dict[str, Any]:
    """Run one job; show its result unless `quiet`."""
    from nasdip_core.cli.progress import progress
    from nasdip_core.pipeline.restore import run as run_restoration

    with progress(job.resolved.fit.steps) as observer:
        restored = run_restoration(
            job.resolved,
            plugins,
            folder,
            name=job.name,
            resume=resume,
            force=force,
            observers=[observer],
            trackers={r.offer.name: r.create() for r in trackers},
            started=started,
        )
    for note in restored.notes:
        say(f"note: {note}")
    if not quiet:
        _show(restored.result, folder.page)
    return restored.result


def _combined(
    planned: "Plan", results: list[dict[str, Any]], failures: "list[Failure]"
) -> dict[str, Any]:
    """Return the one object that `--json` prints."""
    if planned.kind == "single":
        return results[0]
    return {
        "schema": "nasdip.batch/1",
        "results": results,
        "failures": [
            {"picture": f.label, "error": str(f.error), "exit_code": int(f.error.exit_code)}
            for f in failures
        ],
    }


def _resume(planned: "Plan", folder: "RunFolder", how: dict[str, Any]) -> str | None:
    """Say how to go on after an interruption; nothing was begun: nothing."""
    if planned.kind != "single":
        return _resume_together(how)
    # Before it was opened, what is there may be an earlier run, which --force was to replace.
    if not folder.pipeline.exists() or (how["force"] and not folder.opened):
        return None
    place, pipeline = (shlex.quote(str(path)) for path in (folder.path, folder.pipeline))
    plugins = "".join(f" --plugin {shlex.quote(str(path))}" for path in named_files())
    watched = "".join(f" --tracker {shlex.quote(r.qualified)}" for r in how["trackers"])
    return f"resume with: nasdip run {pipeline} -o {place} --resume{plugins}{watched}"


def _resume_together(how: dict[str, Any]) -> str:
    instead = "--resume in place of --force" if how["force"] else "--resume"
    return f"resume with the same command and {instead}"


def _show(found: dict[str, Any], page: Path) -> None:
    """Say where the pictures and the page are, and how good the result is."""
    for name, path in found["outputs"].items():
        result(f"{name}: {path}")
    result(f"page: {page}")
    pieces = "tiles" if any("tile" in fit["id"] for fit in found["fits"]) else "fits"
    how = f"in {len(found['fits'])} {pieces}"
    if found["stopping"] is not None:
        stopping = found["stopping"]
        how = f"returned the average at iteration {stopping['iteration']} ({stopping['reason']})"
    if found["fits"]:
        say(f"{found['iterations']} iterations in {found['seconds']:.1f} s; {how}")
    else:
        say(f"no fit; {found['seconds']:.1f} s")
    if found["quality"] is not None:
        for name, quality in found["quality"].items():
            psnr = "identical" if quality["psnr"] is None else f"psnr {quality['psnr']:.2f}"
            ssim = "" if quality["ssim"] is None else f", ssim {quality['ssim']:.4f}"
            # Only the result is refined; the other two say how well the fits were stopped.
            refined = len(found["parts"]) > 1 and name != "self_stopped"
            of = " (the fits alone)" if refined else ""
            say(f"{name.replace('_', '-'):<13} {psnr}{ssim}{of}")
