"""The table of a bench: one row a method, as numbers, Markdown and CSV."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from nasdip_core.bench.statistics import Values, by_picture, paired
from nasdip_core.report.units import count, duration, memory

QUALITIES = ("self_stopped", "oracle", "last")
FOOTNOTE = (
    "Means over pictures, each the mean of its seeds; the memory is the largest. The difference is "
    "that of the self-stopped PSNR, in pairs of equal picture and seed, with its 95 % Student t "
    "interval over pictures. It speaks of pictures like these; one picture has none."
)
_DASH = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where its number is, and how people read it."""

    key: str
    """Dotted place in a row, which is also the title in CSV."""
    title: str
    show: Callable[[Any], str]


def table_rows(
    settings: Mapping[str, Any], outcomes: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the methods' rows in the order of the settings; None where nothing was measured."""
    labels = [method["label"] for method in settings["methods"]]
    done = {
        label: [o for o in outcomes if o["method"] == label and o["state"] == "done"]
        for label in labels
    }
    first = _values(done[labels[0]], "quality.self_stopped.psnr")
    rows = []
    for label in labels:
        own = done[label]
        difference = None
        if label != labels[0]:
            difference = paired(_values(own, "quality.self_stopped.psnr"), first)
        peaks = _values(own, "peak_memory_bytes").values()
        rows.append(
            {
                "method": label,
                "pictures": len({o["picture"] for o in own}),
                "units": len(own),
                "failed": sum(o["method"] == label and o["state"] == "failed" for o in outcomes),
                "psnr": {key: _mean(own, f"quality.{key}.psnr") for key in QUALITIES},
                "ssim": _mean(own, "quality.self_stopped.ssim"),
                "metrics": {name: _mean(own, f"metrics.{name}") for name in settings["metrics"]},
                "seconds": _mean(own, "seconds"),
                "iterations": _mean(own, "iterations"),
                "peak_memory_bytes": max(peaks, default=None),
                "difference": None if difference is None else asdict(difference),
            }
        )
    return rows


def shown_quality(outcome: Mapping[str, Any]) -> str:
    """Return the quality of a unit that is done in words; a task may measure none."""
    if outcome["quality"] is None:
        return "not measured"
    psnr: float | None = _at(outcome, "quality.self_stopped.psnr")
    return "identical" if psnr is None else _decibels(psnr)


def columns(settings: Mapping[str, Any]) -> list[Column]:
    """Return the columns that people are shown, extra metrics included."""
    metrics = [
        Column(
            f"metrics.{name}",
            name if column["higher_is_better"] else f"{name} (lower is better)",
            lambda value: f"{value:.4g}",
        )
        for name, column in settings["metrics"].items()
    ]
    return [
        Column("method", "method", str),
        Column("pictures", "pictures", str),
        Column("psnr.self_stopped", "PSNR self-stopped", _decibels),
        Column("psnr.oracle", "PSNR oracle", _decibels),
        Column("psnr.last", "PSNR last", _decibels),
        Column("ssim", "SSIM", lambda value: f"{value:.4f}"),
        *metrics,
        Column("seconds", "seconds", duration),
        Column("iterations", "iterations", lambda value: count(round(value))),
        Column("peak_memory_bytes", "peak memory", memory),
        Column("difference", "difference to the first", _difference),
    ]


def cells(settings: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return the rows as people read them, a dash where there is no number."""
    return [
        [_DASH if (v := _at(row, c.key)) is None else c.show(v) for c in columns(settings)]
        for row in rows
    ]


def as_markdown(settings: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the table as Markdown with its footnote."""
    titles = [column.title for column in columns(settings)]
    lines = [titles, ["---", *["---:"] * (len(titles) - 1)], *cells(settings, rows)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    failed = [
        f"{row['failed']} of {row['failed'] + row['units']} of {row['method']}"
        for row in rows
        if row["failed"]
    ]
    told = f"\n\nFailed: {', '.join(failed)}; means are over the others." if failed else ""
    return f"{table}{told}\n\n{FOOTNOTE}\n"


def as_csv(settings: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the table as CSV with all digits; empty where there is no number."""
    keys = [column.key for column in columns(settings)[:-1]]
    keys[2:2] = ["units", "failed"]
    keys += ["difference.mean", "difference.low", "difference.high", "difference.pictures"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(keys)
    writer.writerows([_at(row, key) for key in keys] for row in rows)
    return text.getvalue()


def _mean(outcomes: Sequence[Mapping[str, Any]], key: str) -> float | None:
    pictures = by_picture(_values(outcomes, key))
    return fmean(pictures.values()) if pictures else None


def _values(outcomes: Sequence[Mapping[str, Any]], key: str) -> Values:
    # With the damage: units that saw another one, on another machine, are no pair.
    found = {(o["picture"], (o["seed"], o["damage"])): _at(o, key) for o in outcomes}
    return {place: value for place, value in found.items() if value is not None}


def _at(content: Mapping[str, Any], key: str) -> Any:
    """Return what stands at a dotted key; the name of a metric may hold dots of its own."""
    first, _, rest = key.partition(".")
    value = content[first]
    if not rest or value is None:
        return value
    return value[rest] if rest in value else _at(value, rest)


def _decibels(value: float) -> str:
    return f"{value:.2f} dB"


def _difference(value: Mapping[str, Any]) -> str:
    if value["low"] is None:
        return f"{value['mean']:+.2f} dB"
    return f"{value['mean']:+.2f} dB [{value['low']:+.2f}, {value['high']:+.2f}]"
