"""The page of a search: what was found and how, one file in the look of a run's page."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from textwrap import shorten
from typing import Any

from nasdip_core.files import whole_file
from nasdip_core.imaging.picture import Picture
from nasdip_core.imaging.preview import preview_png
from nasdip_core.report.page import Panel, panels
from nasdip_core.report.shell import html_page, section
from nasdip_core.report.units import count, duration
from nasdip_core.searching.page_charts import front_chart, importance_bars, progress_chart
from nasdip_core.searching.page_tables import best_tables, front_table, history_table
from nasdip_core.yaml_text import dump

_LONGEST = 320
"""Pixels of the longest side on the page."""
_NAMED = 6
"""Pictures, trials or reasons that are named one by one; of more, the number is told."""


def write_search_page(
    path: Path, found: Mapping[str, Any], pictures: Mapping[str, Picture]
) -> None:
    """Write the page of a `nasdip.search/1` object; pictures are captioned by their names.

    Raises RunError where the folder does not take it.
    """
    style = files(__package__).joinpath("style.css").read_text("utf-8")
    title = f"Search: {found['settings']['task']}"
    page = html_page(title, _facts(found), list(_notes(found)), _body(found, pictures), style=style)
    # A file name that is no valid text reaches us with lone surrogates, which UTF-8 refuses.
    with whole_file(path) as draft:
        draft.write_text(page, encoding="utf-8", errors="replace")


def _facts(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    settings, trials = found["settings"], found["trials"]
    yield "Task", settings["task"]
    for name in ("space", "strategy", "reward"):
        yield name.capitalize(), settings[name]["uses"]
    yield "Pruner", settings["pruner"]["uses"]
    names = list(settings["pictures"])
    yield ("Picture", names[0]) if len(names) == 1 else ("Pictures", count(len(names)))
    if settings["validation"]:
        yield "Kept for the last comparison", _listed(settings["validation"])
    if settings["proxy"]:
        yield (
            "While searching",
            "; ".join(
                f"{key} {_short(search)} instead of {_short(use)}"
                for key, (use, search) in settings["proxy"].items()
            ),
        )
    told = (f"{count(trials[s])} {s}" for s in ("done", "pruned", "failed", "running") if trials[s])
    yield "Trials", ", ".join(told) or "none yet"
    for name in ("duplicates", "infeasible"):
        if trials[name]:
            yield f"{name.capitalize()}, not trained", count(trials[name])
    if found["seconds_per_trial"] is not None:
        yield "Time a trial", duration(found["seconds_per_trial"])
    if "seconds" in found:
        yield "Time of the last command", duration(found["seconds"])


def _listed(names: Sequence[str]) -> str:
    more = f" and {count(len(names) - _NAMED)} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _short(value: Any) -> str:
    """Return an option of an architecture; one that all levels share is told once."""
    if isinstance(value, list) and len(value) > 1 and all(item == value[0] for item in value):
        return f"{len(value)} x {value[0]}"
    return str(value)


def _notes(found: Mapping[str, Any]) -> Iterator[str]:
    yield from found.get("notes", [])
    if not found["trials"]["done"]:
        yield "No trial is done."
    failed: dict[str, list[str]] = {}
    for trial in found["history"]:
        if trial["state"] == "failed":
            failed.setdefault(trial["reason"] or "no reason known", []).append(str(trial["trial"]))
    groups = sorted(failed.items(), key=lambda group: -len(group[1]))
    for reason, trials in groups[:_NAMED]:
        who = f"trial{'s' if len(trials) > 1 else ''} {_listed(trials)}"
        yield f"{count(len(trials))} failed: {shorten(reason, 200)} ({who})"
    others = sum(len(trials) for _, trials in groups[_NAMED:])
    if others:
        yield f"{count(others)} failed for other reasons, which the history tells."


def _body(found: Mapping[str, Any], pictures: Mapping[str, Picture]) -> str:
    history = found["history"]
    charts = progress_chart(history) + importance_bars(found["importance"] or {})
    went = f'<div class="charts">{charts}</div>' if charts else ""
    front, traded = found["front"], ""
    if front:
        traded = f'<div class="charts">{front_chart(front, history)}{front_table(front)}</div>'
    best = best_tables(found["best"], history, compared=found["compared"])
    shown = panels([Panel(name, "", preview_png(p, _LONGEST)) for name, p in pictures.items()])
    settings = dump(found["settings"], allow_unicode=True)
    return (
        section("best", "The best", best)
        + section("went", "How the search went", went)
        + section("front", "Quality against cost", traded)
        + section("pictures", "Pictures", shown)
        + section("trials", "Trials", history_table(history))
        + section(
            "settings",
            "Settings",
            "<details><summary>What is searched, every option resolved</summary>"
            f'<div class="code"><pre tabindex="0"><code>{escape(settings)}</code></pre></div>'
            "</details>",
        )
    )
