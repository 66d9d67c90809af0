"""One page about several runs."""

import json
import math
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from nasdip_core.errors import OptionError
from nasdip_core.files import whole_file
from nasdip_core.imaging.folder import frame_files
from nasdip_core.imaging.preview import preview_png
from nasdip_core.imaging.read import read_picture
from nasdip_core.report.page import Panel, panels
from nasdip_core.report.shell import html_page
from nasdip_core.step import Step, StepContext

_LONGEST = 480
"""Pixels of the longest side on the page."""


class Report(Step):
    """Shows the first output of each run side by side, with quality and time."""

    def __init__(self, *, title: str, results: Mapping[str, str], order: str) -> None:
        self._title = title
        self._results = results
        self._order = order

    def run(self, context: StepContext) -> Mapping[str, str]:
        """Write the page. Raises OptionError where a result cannot be read."""
        found = {name: _read(context.path(path), name) for name, path in self._results.items()}
        names = list(found)
        if self._order == "quality":
            names.sort(key=lambda name: _psnr(found[name]), reverse=True)
        rows = "".join(_row(name, found[name]) for name in names)
        shown = panels([_panel(name, found[name]) for name in names])
        body = (
            '<section><h2>Results</h2><table><thead><tr><th scope="col">step</th>'
            '<th scope="col">task</th><th scope="col">architecture</th>'
            '<th scope="col" class="number">PSNR</th><th scope="col" class="number">seconds</th>'
            f"</tr></thead><tbody>{rows}</tbody></table></section>"
            f"<section><h2>Pictures</h2>{shown}</section>"
        )
        page = context.folder / "index.html"
        facts = [("Runs", str(len(names)))]
        with whole_file(page) as draft:
            draft.write_text(html_page(self._title, facts, [], body), encoding="utf-8")
        return {"page": str(page)}


def _read(path: Path, name: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if found["schema"] != "nasdip.result/1":
            raise ValueError(f"it is a {found['schema']}")
        # They are named from where the run was called, and lie beside its result.
        files = {key: str(path.parent / Path(file).name) for key, file in found["outputs"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OptionError(f"option 'results.{name}': no result of a run: {error}") from None
    return {**found, "outputs": files}


def _psnr(result: Mapping[str, Any]) -> float:
    """Return the PSNR in dB: infinite of what is identical, minus that without a truth."""
    if result["quality"] is None:
        return -math.inf
    psnr = result["quality"]["self_stopped"]["psnr"]
    return math.inf if psnr is None else psnr


def _row(name: str, result: Mapping[str, Any]) -> str:
    psnr = _psnr(result)
    shown = {math.inf: "identical", -math.inf: ""}.get(psnr, f"{psnr:.2f} dB")
    return (
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(result["task"])}</td>'
        f"<td>{escape(result['architecture'])}</td><td class='number'>{shown}</td>"
        f'<td class="number">{result["seconds"]:.1f}</td></tr>'
    )


def _panel(name: str, result: Mapping[str, Any]) -> Panel:
    first = Path(next(iter(result["outputs"].values())))
    picture = read_picture(frame_files(first)[0] if first.is_dir() else first)
    return Panel(name, "", preview_png(picture, _LONGEST))
