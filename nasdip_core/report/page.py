"""The page of a run."""

import base64
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from nasdip_core.files import whole_file
from nasdip_core.fit.events import Event
from nasdip_core.hooks import PageSection
from nasdip_core.report.fits import fits_body
from nasdip_core.report.parts import parts_body
from nasdip_core.report.shell import html_page, section, template
from nasdip_core.report.timeline import timeline
from nasdip_core.report.units import count, duration, memory
from nasdip_core.yaml_text import dump


@dataclass(frozen=True)
class Panel:
    """A picture on the page."""

    name: str
    caption: str
    png: bytes
    """An 8-bit PNG, ready to be shown."""


@dataclass(frozen=True)
class Page:
    """What a page tells of one run."""

    title: str
    result: Mapping[str, Any]
    """The `nasdip.result/1` object."""
    settings: Mapping[str, Any]
    """The pipeline document with every option resolved."""
    before: Panel
    after: Panel
    others: Sequence[Panel]
    """The truth, the mask, further outputs."""
    events: Sequence[Event]
    networks: Mapping[str, str]
    """Drawings of `draw_network` by the network's name."""
    notes: Sequence[str]
    """What the reader should know, one sentence each."""
    sections: Sequence[PageSection] = ()
    """What plugins add."""


def write_page(path: Path, page: Page) -> None:
    """Write the page; a crash half way leaves an older one as it was."""
    # A file name that is no valid text reaches us with lone surrogates, which UTF-8 refuses.
    with whole_file(path) as draft:
        draft.write_text(_html(page), encoding="utf-8", errors="replace")


def _html(page: Page) -> str:
    before, after = page.before, page.after
    width, height = _size(after.png)
    body = Template(template("page.html")).substitute(
        ratio=f"{width / height:.6g}",
        # Small pictures are enlarged, large ones fit the page.
        widest=max(640, 2 * width),
        before=_image(before),
        before_name=escape(before.name),
        before_caption=escape(before.caption),
        after=_image(after),
        after_name=escape(after.name),
        after_caption=escape(after.caption),
        others=panels(page.others),
        quality=_quality(page.result),
        parts=parts_body(page.result.get("parts") or [], timeline(page.events)),
        fits=section("fits", "How the fit went", fits_body(page.events, _oracle(page.result))),
        networks=_networks(page.networks),
        sections="".join(
            section(f"plugin-{i}", escape(added.title), added.html)
            for i, added in enumerate(page.sections, start=1)
        ),
        settings=escape(_as_yaml(page.settings)),
        outputs=_outputs(page.result.get("outputs") or {}),
    )
    script = template("script.js")
    return html_page(page.title, _facts(page.result), page.notes, body, script=script)


def _facts(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Task", str(result["task"])
    yield "Architecture", str(result["architecture"])
    quality = result.get("quality")
    if quality:
        yield "Quality", _decibels(quality["self_stopped"]["psnr"])
    stopping = result.get("stopping")
    iterations = count(result["iterations"])
    if stopping and stopping["iteration"] != result["iterations"]:
        iterations = f"{count(stopping['iteration'])} chosen of {iterations}"
    yield "Iterations", iterations
    yield "Time", duration(result["seconds"])
    if result.get("peak_memory_bytes"):
        yield "Peak memory", memory(result["peak_memory_bytes"])
    yield "Device", str(result["device"])
    yield "Seed", str(result["seed"])


def _image(panel: Panel) -> str:
    width, height = _size(panel.png)
    data = base64.b64encode(panel.png).decode("ascii")
    words = escape(f"{panel.name}: {panel.caption}" if panel.caption else panel.name)
    return (
        f'<img src="data:image/png;base64,{data}" width="{width}" height="{height}" '
        f'alt="{words}" draggable="false">'
    )


def _size(png: bytes) -> tuple[int, int]:
    """Return (width, height) from a PNG's first chunk."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def panels(shown: Sequence[Panel]) -> str:
    """Return pictures side by side, each with its name and caption; nothing without any."""
    figures = "".join(
        f"<figure>{_image(panel)}<figcaption>{escape(panel.name)} "
        f"<span>{escape(panel.caption)}</span></figcaption></figure>"
        for panel in shown
    )
    return f'<div class="panels">{figures}</div>' if figures else ""


_QUALITIES = {
    "self_stopped": ("Self-stopped", "What nasdip returned. It stopped without seeing the truth."),
    "oracle": (
        "Oracle",
        "The best iterate of the fit. Only someone who has the truth can pick it.",
    ),
    "last": ("Last", "Where the fit ended. Past the best, an untrained network learns the damage."),
}


def _quality(result: Mapping[str, Any]) -> str:
    quality = result.get("quality")
    if not quality:
        return ""
    rows = "".join(
        f"<tr{' class=product' if key == 'self_stopped' else ''}>"
        f'<th scope="row">{name}<span>{meaning}</span></th>'
        f'<td class="number">{_decibels(quality[key]["psnr"])}</td>'
        f'<td class="number">{_similarity(quality[key].get("ssim"))}</td></tr>'
        for key, (name, meaning) in _QUALITIES.items()
    )
    head = '<th class="number" scope="col">PSNR</th><th class="number" scope="col">SSIM</th>'
    table = (
        f'<div class="table"><table><thead><tr><th scope="col">Against the truth</th>{head}</tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
    )
    return section("quality", "Quality", table + _given_up(result))


def _given_up(result: Mapping[str, Any]) -> str:
    """Say what the stopping rule lost: the fits as stopped against their best, both not refined."""
    best = result["quality"]["oracle"]
    fit = next((part for part in result.get("parts", []) if part["name"] == "fit"), None)
    ours = result["quality"]["self_stopped"] if fit is None else fit["quality"]
    if best["psnr"] is None or ours is None or ours["psnr"] is None or not result["iterations"]:
        return ""
    at = ""
    if best["iteration"] is not None:
        at = f"The best iterate was number {count(best['iteration'])}. "
    return f"<p>{at}Stopping blind cost {max(0.0, best['psnr'] - ours['psnr']):.2f} dB.</p>"


def _decibels(psnr: float | None) -> str:
    return "identical" if psnr is None else f"{psnr:.2f} dB"


def _similarity(ssim: float | None) -> str:
    return "–" if ssim is None else f"{ssim:.4f}"


def _oracle(result: Mapping[str, Any]) -> tuple[int, float] | None:
    """Return (iteration, psnr) of the best iterate, where the truth tells it."""
    quality = result.get("quality")
    if not quality or None in (quality["oracle"]["psnr"], quality["oracle"]["iteration"]):
        return None
    return quality["oracle"]["iteration"], quality["oracle"]["psnr"]


def _networks(networks: Mapping[str, str]) -> str:
    if not networks:
        return ""
    # Focusable, so that a keyboard can scroll a drawing that is wider than the screen.
    drawings = "".join(
        f'<div class="network" role="group" aria-label="{escape(name)}" tabindex="0">{svg}</div>'
        for name, svg in networks.items()
    )
    return section("networks", "The networks" if len(networks) > 1 else "The network", drawings)


def _as_yaml(settings: Mapping[str, Any]) -> str:
    # Through JSON: paths become text, tuples lists, and nothing shared is written as an alias.
    plain = json.loads(json.dumps(dict(settings), default=str))
    return dump(plain, allow_unicode=True)


def _outputs(outputs: Mapping[str, Any]) -> str:
    items = "".join(
        f"<li>{escape(name)}: <code>{escape(str(path))}</code></li>"
        for name, path in outputs.items()
    )
    return f'<h3>Files of this run</h3><ul class="files">{items}</ul>' if items else ""
