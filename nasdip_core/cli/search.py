"""`nasdip search`: search for a better network; status, best and show of a study."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasdip_core.cli.output import json_result, result, say, table
from nasdip_core.cli.parameters import AsJson, Debug, Launcher, Settings, Task
from nasdip_core.errors import OptionError, RunError

if TYPE_CHECKING:
    from optuna.study import Study


app = typer.Typer(
    invoke_without_command=True,
    help="Search for a better network.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="Folder of a search, study file, or URL.")
]
Name = Annotated[
    str | None, typer.Option("--name", help="Name of the study, where there are several.")
]


@app.callback()
def search(
    context: typer.Context,
    task: Task = None,
    data: Annotated[
        str | None, typer.Option(help="Folder of clean pictures, or one damaged picture.")
    ] = None,
    mask: Annotated[str | None, typer.Option(help="Mask of the damaged picture.")] = None,
    truth: Annotated[
        str | None, typer.Option(help="Clean picture, for rewards that need it.")
    ] = None,
    space: Annotated[
        str | None, typer.Option(help="Search space; default compact (nasdip list space).")
    ] = None,
    strategy: Annotated[
        str | None, typer.Option(help="Strategy; default evolution (nasdip list strategy).")
    ] = None,
    reward: Annotated[
        str | None, typer.Option(help="Reward; default psnr with a truth, else held-out.")
    ] = None,
    pruner: Annotated[
        str | None, typer.Option(help="none (default), wilcoxon or hyperband.")
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Trials of the study in all; default 50.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that search together.")] = 1,
    launcher: Launcher = None,
    join: Annotated[
        str | None,
        typer.Option(metavar="STUDY", help="Help with a search that is there: its folder or URL."),
    ] = None,
    seed_with: Annotated[
        list[str] | None,
        typer.Option(help="Architecture to begin with: a name or a file; may be repeated."),
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="Study file or URL; default: study.db in the output folder.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the study, for several in one file or database; or nasdip."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: nasdip-out/DATA-TASK-search.")
    ] = None,
    artifacts: Annotated[
        str | None,
        typer.Option(
            help="Folder, or s3://BUCKET/PREFIX, by which pictures and fits reach other machines."
        ),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write the best architecture to this file as well.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random draw; default 0.")] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu, cuda or mps; default auto.")
    ] = None,
    settings: Settings = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001  # read by main(), which sees failures of every command
) -> None:
    """Search for a better network on a folder of clean pictures, or for one damaged picture.

    The same command goes on with what is there: nothing that was finished is done again.
    """
    if context.invoked_subcommand is not None:
        before = [p for p in context.params if _was_said(context, p) and p != "debug"]
        if before:
            what = f"--{before[0].replace('_', '-')} before '{context.invoked_subcommand}'"
            raise OptionError(what, "options stand after the word that they are for")
        return
    from nasdip_core.cli.search_view import view
    from nasdip_core.options import from_dotted, merge
    from nasdip_core.searching.api import join as join_search
    from nasdip_core.searching.api import search as run_search

    words: dict[str, Any] = {"mask": mask, "truth": truth, "seed": seed, "device": device}
    words |= {"space": space, "strategy": strategy, "reward": reward, "launcher": launcher}
    words |= {"pruner": None if pruner is None else {"uses": pruner}}
    given = {key: value for key, value in words.items() if value is not None}
    options = merge(given, from_dotted(settings or []))
    if join is not None:
        rest = (task, data, trials, seed_with, study, output, artifacts, export)
        if options.keys() - {"launcher"} or any(word is not None for word in rest):
            raise OptionError("--join takes --name, --workers and --launcher alone")
        with view() as watch:
            joined = join_search(join, name=name, workers=workers, options=options, watch=watch)
        if as_json:
            json_result(joined)
        else:
            _show_counts(joined)
        return
    if task is None or data is None:
        raise OptionError("what is to be searched?", "give --task TASK --data PICTURE|FOLDER")
    with view() as watch:
        told = run_search(
            data,
            task,
            trials=trials or 50,
            workers=workers,
            options=options,
            known=seed_with or [],
            study=study,
            name=name or "nasdip",
            output=output,
            artifacts=artifacts,
            export=export,
            watch=watch,
        )
    if as_json:
        json_result(told)
    else:
        _show_end(told)


def _was_said(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _show_end(told: dict[str, Any]) -> None:
    """Say what was found and where it is."""
    for note in told["notes"]:
        say(f"note: {note}")
    for name, path in told["outputs"].items():
        result(f"{name}: {path}")
    _show_counts(told)


def _show_counts(told: dict[str, Any]) -> None:
    counts = told["trials"]
    say(f"{counts['done']} trials done, {counts['pruned']} pruned, {counts['failed']} failed")
    if told["best"] and told["best"][0]["rewards"]:
        first = told["best"][0]
        say(f"best: trial {first['trial']}, reward {_number(first['reward'])} with fresh seeds")


@app.command("status")
def status(
    study: StudyArgument,
    name: Name = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Say how far a search is."""
    from nasdip_core.searching.summary import standing

    with _opened(study, name) as opened:
        found = standing(opened)
    if as_json:
        json_result(found)
        return
    settings, counts = found["settings"], found["trials"]
    uses = {key: settings[key]["uses"] for key in ("space", "strategy", "reward")}
    rows = [
        ["study", found["study"]],
        ["task", f"{settings['task']} on {len(settings['pictures'])} pictures"],
        *([key, value] for key, value in uses.items()),
        *([key, str(value)] for key, value in counts.items()),
        ["seconds a trial", _number(found["seconds_per_trial"])],
    ]
    if found["best"]:
        first = found["best"][0]
        value, how = first["search_reward"], "in the search" if found["compared"] else "so far"
        if first["rewards"]:
            value, how = first["reward"], "with fresh seeds"
        rows.append(["best", f"trial {first['trial']}, reward {_number(value)} {how}"])
    table(["", ""], rows)


@app.command("best")
def best(
    study: StudyArgument,
    name: Name = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Print the best architecture as YAML, to be used by --arch."""
    from nasdip_core.architecture.named import to_yaml
    from nasdip_core.plugins import Plugins
    from nasdip_core.searching.summary import standing
    from nasdip_core.study.reference import architectures

    with _opened(study, name) as opened:
        found = standing(opened)
        if as_json:
            json_result(found["best"])
            return
        (architecture,) = architectures(opened, "best", Plugins.discover())
    for place in found["best"]:
        fresh = f", {_number(place['reward'])} with fresh seeds" if place["rewards"] else ""
        say(f"trial {place['trial']}: reward {_number(place['search_reward'])}{fresh}")
    result(to_yaml(architecture).rstrip())


@app.command("show")
def show(
    study: StudyArgument,
    name: Name = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="Write the page to this file.")
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Show every trial, what matters most, and the front of quality against cost."""
    from nasdip_core.searching.page import write_search_page
    from nasdip_core.searching.summary import summary

    if page is not None:
        _refuse_others(page)
    with _opened(study, name) as opened:
        found = summary(opened)
    if page is not None:
        write_search_page(page, found, {})
        say(f"page: {page}")
    if as_json:
        json_result(found)
        return
    table(
        ["trial", "state", "reward", "seconds", "choices"],
        [
            [
                str(trial["trial"]),
                trial["state"],
                _number(trial["reward"]),
                _number(trial["seconds"]),
                trial["reason"] or ", ".join(f"{k}={v}" for k, v in trial["choices"].items()),
            ]
            for trial in found["history"]
        ],
    )
    if found["importance"] is not None:
        table(["decision", "importance"], [[k, f"{v:.3f}"] for k, v in found["importance"].items()])
    if found["front"] is not None:
        rows = [[str(p["trial"]), _number(p["reward"]), f"{p['cost']:.3g}"] for p in found["front"]]
        table(["trial", "reward", "cost"], rows)


def _refuse_others(page: Path) -> None:
    """Raise RunError for a file that is there and is no page."""
    try:
        with page.open("rb") as file:
            begun = file.read(64).lstrip().lower()
    except OSError:
        return  # it is not there, or cannot be written either, which is told then
    if begun and not begun.startswith(b"<!doctype html"):
        raise RunError(f"'{page}' is there, and is no page", "name another file")


@contextmanager
def _opened(source: str, name: str | None) -> "Iterator[Study]":
    """Yield a study; what its storage raises meanwhile is a StudyError."""
    from nasdip_core.study.storage import study_url, used_storage
    from nasdip_core.study.study import load_study

    url = study_url(source)
    with used_storage(url) as storage:
        yield load_study(storage, url, name)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
