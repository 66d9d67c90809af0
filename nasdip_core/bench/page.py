"""The page of a bench: the table and some pictures, one file in the look of a run's page."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from nasdip_core.bench.folder import BenchFolder
from nasdip_core.bench.table import FOOTNOTE, cells, columns, shown_quality
from nasdip_core.report.page import Panel, panels
from nasdip_core.report.shell import html_page

_PICTURES = 8
"""Pictures on the page; all of them lie in the folder."""
_LONGEST = 320
"""Pixels of the longest side on the page."""


def write_bench_page(folder: BenchFolder, result: Mapping[str, Any]) -> None:
    """Write `index.html` of a `nasdip.bench/1` object."""
    settings = result["settings"]
    header, *rows = [[c.title for c in columns(settings)], *cells(settings, result["methods"])]
    shown = list(settings["pictures"])[:_PICTURES]
    own = files(__package__)
    body = Template(own.joinpath("page.html").read_text("utf-8")).substitute(
        head="".join(
            f'<th{_number(i)} scope="col">{escape(title)}</th>' for i, title in enumerate(header)
        ),
        body="".join(f"<tr>{_row(row)}</tr>" for row in rows),
        footnote=escape(FOOTNOTE),
        shown=f"{len(shown)} of {len(settings['pictures'])}, with the first seed. "
        "All restored pictures lie in <code>units</code>.",
        pictures="".join(_section(folder, name, result["units"]) for name in shown),
    )
    title = f"Bench: {settings['task']}"
    style = own.joinpath("style.css").read_text("utf-8")
    page = html_page(title, _facts(result), _failures(result), body, style=style)
    folder.write(folder.page, page)


def _facts(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    settings = result["settings"]
    yield "Methods", str(len(settings["methods"]))
    yield "Pictures", str(len(settings["pictures"]))
    yield "Seeds", str(settings["seeds"])
    yield "Units done", f"{result['done']} of {result['planned']}"


def _failures(result: Mapping[str, Any]) -> list[str]:
    return [
        f"{o['picture']}, {o['method']}, seed {o['seed']} failed: {o['reason']}"
        for o in result["units"]
        if o["state"] == "failed"
    ]


def _number(column: int) -> str:
    return ' class="number"' if column else ""


def _row(row: Sequence[str]) -> str:
    first, *others = (escape(cell) for cell in row)
    return f'<th scope="row">{first}</th>' + "".join(f'<td class="number">{o}</td>' for o in others)


def _section(folder: BenchFolder, picture: str, outcomes: Sequence[Mapping[str, Any]]) -> str:
    """Return truth, damage and what every method made of it, with the first seed."""
    own = [o for o in outcomes if (o["picture"], o["seed"], o["state"]) == (picture, 0, "done")]
    if not own:
        return ""
    places, stacked = own[0]["files"], own[0].get("frames", 1) > 1
    shown = [
        _panel(folder.path / places[role], role, "", stacked=stacked)
        for role in ("truth", "damaged")
    ]
    for outcome in own:
        path = folder.path / outcome["files"]["restored"]
        shown.append(_panel(path, outcome["method"], shown_quality(outcome), stacked=stacked))
    return f"<h3>{escape(picture)}</h3>{panels(shown)}"


def _panel(path: Path, name: str, caption: str, *, stacked: bool) -> Panel:
    from nasdip_core.imaging.preview import preview_png
    from nasdip_core.imaging.read import read_picture, read_stack

    picture = read_stack(path) if stacked else read_picture(path, arrays=True)
    return Panel(name, caption, preview_png(picture, _LONGEST))
