"""`nasdip bench`: compare methods in pairs of equal picture, damage and seed."""

import re
from pathlib import Path
from typing import Annotated

import typer

from nasdip_core.cli.output import json_result, result, say
from nasdip_core.cli.parameters import AsJson, Debug, Launcher, Settings, Task, Workers, crew_of
from nasdip_core.errors import ExitCode, OptionError, RunInterruptedError


def bench(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the bench; goes on in one it knows.")
    ],
    task: Task = None,
    data: Annotated[Path | None, typer.Option(help="Folder of clean pictures.")] = None,
    arch: Annotated[list[str] | None, typer.Option(help="Architecture: a name or a file.")] = None,
    preset: Annotated[
        list[str] | None, typer.Option(help="Architecture by its family: fast means fast-TASK.")
    ] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(help="Classical method: a baseline, or a refine plugin alone."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="A further column (nasdip list metric), beside PSNR and SSIM."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Number of seeds, counted from 0.")] = 1,
    settings: Settings = None,
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Only every N-th unit, from the I-th.")
    ] = None,
    workers: Workers = 1,
    launcher: Launcher = None,
    merge: Annotated[
        list[Path] | None, typer.Option(help="Join this folder with others of equal settings.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier bench.")] = False,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001  # read by main(), which sees failures of every command
) -> None:
    """Compare methods on a folder of pictures: table, page, paired differences to the first.

    The first method is the first --arch, else the first --preset, else the first --baseline.
    """
    from nasdip_core.bench.run import merge_benches, run_bench
    from nasdip_core.bench.table import as_markdown
    from nasdip_core.bench.units import plan_bench
    from nasdip_core.options import from_dotted
    from nasdip_core.plugins import Plugins

    if merge:
        given = (task, data, arch, preset, baseline, metric, settings, shard, launcher)
        if any(given) or (seeds, workers) != (1, 1):
            raise OptionError("--merge takes nothing but -o, --force and --json")
        found = merge_benches(merge, output, force=force)
    elif task is None or data is None:
        raise OptionError("what is to be compared?", "give --task TASK --data DIR, or --merge DIR")
    else:
        plugins, options = Plugins.discover(), from_dotted(settings or [])
        crew = crew_of(workers, launcher, options, plugins)
        planned = plan_bench(
            task,
            data,
            options,
            plugins,
            archs=arch or [],
            presets=preset or [],
            baselines=baseline or [],
            metrics=metric or [],
            seeds=seeds,
        )
        part = (1, 1) if shard is None else _shard(shard)
        try:
            found = run_bench(planned, output, shard=part, force=force, say=say, crew=crew)
        except RunInterruptedError as error:
            raise RunInterruptedError(error.what, "the same command goes on") from None
    if as_json:
        json_result(found)
    else:
        result(as_markdown(found["settings"], found["methods"]).rstrip())
    say(f"page: {output / 'index.html'}")
    if found["done"] < found["planned"]:
        say(f"{found['done']} of {found['planned']} units are done, {found['failed']} failed")
    if found["failed"]:
        raise typer.Exit(ExitCode.FAILED)


def _shard(text: str) -> tuple[int, int]:
    numbers = re.fullmatch(r"(\d+)/(\d+)", text)
    index, count = (int(n) for n in numbers.groups()) if numbers is not None else (0, 0)
    if not 1 <= index <= count:
        raise OptionError(f"cannot read --shard '{text}'", "write it as 1/4 to 4/4")
    return index, count
