"""What the result of a run is made of: fits, classical estimates, and their shares."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from nasdip_core.report.units import duration

_MEANING = (
    "Each part on its own. The held-out error is that on measurements kept back, 1 at the noise "
    "level; the weight is the part's share in the result."
)
_NUMBER = ' class="number"'


def parts_body(parts: Sequence[Mapping[str, Any]], timeline: str) -> str:
    """Return the section with the chart over time; nothing where the result is one fit."""
    if len(parts) < 2 and all(part["name"] == "fit" for part in parts):
        return ""
    measured = any(part["quality"] for part in parts)
    heads = ["Part", "Held-out error", "Weight", "Time", *(["PSNR"] if measured else [])]
    head = "".join(
        f'<th scope="col"{_NUMBER if i else ""}>{title}</th>' for i, title in enumerate(heads)
    )
    rows = "".join(_row(part, measured=measured) for part in parts)
    return (
        '<section aria-labelledby="parts"><h2 id="parts">What the result is made of</h2>'
        f"<p>{_MEANING}</p>"
        f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        f'</div><div class="charts">{timeline}</div></section>'
    )


def _row(part: Mapping[str, Any], *, measured: bool) -> str:
    held_out = "–" if part["held_out"] is None else f"{part['held_out']:.4g}"
    cells = [held_out, f"{part['weight']:.0%}", duration(part["seconds"])]
    if measured:
        quality = part["quality"]
        psnr = None if quality is None else quality["psnr"]
        cells.append("–" if psnr is None else f"{psnr:.2f} dB")
    inner = "".join(f"<td{_NUMBER}>{cell}</td>" for cell in cells)
    product = " class=product" if part["weight"] else ""
    return f'<tr{product}><th scope="row">{escape(part["name"])}</th>{inner}</tr>'
