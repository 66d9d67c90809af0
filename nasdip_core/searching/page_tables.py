"""The tables on the page of a search."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10
from typing import Any

from nasdip_core.report.units import count, duration, quantity

_LATEST, _BEST = 300, 100
"""Trials of a long history that are shown."""

Trial = Mapping[str, Any]
"""An entry of the history."""


@dataclass(frozen=True)
class Row:
    """Cells as plain text; the first one heads the row."""

    cells: Sequence[str]
    kind: str = ""
    """A class of the style."""
    below: str = ""
    """Under the last cell, fainter."""


def table(name: str, header: Sequence[str], rows: Sequence[Row], words: Sequence[int] = ()) -> str:
    """Return a table with headers; columns but the first are numbers, but for those of `words`."""
    head = "".join(_cell("th", i, title, words, "col") for i, title in enumerate(header))
    body = "".join(_row(row, words) for row in rows)
    # Focusable, so that a keyboard can scroll a table that is wider than the screen.
    return (
        f'<div class="table" role="group" aria-label="{escape(name)}" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(row: Row, words: Sequence[int]) -> str:
    last = len(row.cells) - 1
    cells = "".join(
        _cell(
            "td" if i else "th", i, cell, words, "" if i else "row", row.below if i == last else ""
        )
        for i, cell in enumerate(row.cells)
    )
    return f'<tr class="{row.kind}">{cells}</tr>' if row.kind else f"<tr>{cells}</tr>"


def _cell(
    tag: str, column: int, content: str, words: Sequence[int], scope: str, below: str = ""
) -> str:
    number = ' class="number"' if column and column not in words else ""
    scope = f' scope="{scope}"' if scope else ""
    faint = f"<span>{escape(below)}</span>" if below else ""
    return f"<{tag}{number}{scope}>{escape(content)}{faint}</{tag}>"


def best_tables(
    best: Sequence[Mapping[str, Any]], history: Sequence[Trial], *, compared: bool
) -> str:
    """Return the best candidates, what was known before, and what they differ in; or nothing."""
    if not best:
        return ""
    known = [value for b in best for value in (*b["rewards"], b["reward"], b["search_reward"])]
    digits = _digits([value for value in known if value is not None])
    header = ["Trial", "Reward, fresh seeds", "Seed by seed", "Reward in the search"]
    rows = [
        Row(
            [
                str(b["trial"]),
                _reward(b["reward"], digits),
                ", ".join(_reward(value, digits) for value in b["rewards"]) or "–",
                _reward(b["search_reward"], digits),
                _quantity(b["parameters"]),
                _quantity(b["macs"]),
            ],
            kind="product" if compared and index == 0 else "",
        )
        for index, b in enumerate(best)
    ]
    results = table("The best candidates", [*header, "Parameters", "Multiply-adds"], rows)
    order = _order(best, digits, compared=compared)
    return order + results + _known(history, digits) + _differences(best)


def _order(best: Sequence[Mapping[str, Any]], digits: int, *, compared: bool) -> str:
    if not compared:
        return "<p>Not yet compared with fresh seeds: in the order of the search.</p>"
    spreads = [max(b["rewards"]) - min(b["rewards"]) for b in best if len(b["rewards"]) > 1]
    luck = (
        f" Between seeds, the reward of one candidate differs by up to {max(spreads):.{digits}f}: "
        "a smaller lead may be luck."
        if spreads
        else ""
    )
    return f"<p>Fitted again with fresh seeds; the mean decides.{luck}</p>"


def _known(history: Sequence[Trial], digits: int) -> str:
    """Return what the architectures that the search began with had, to hold the best against."""
    told = (
        f"{escape(trial['known'])} {_reward(trial['reward'], digits)} (trial {trial['trial']})"
        for trial in history
        if trial["known"] and trial["state"] == "done"
    )
    listed = ", ".join(told)
    return f"<p>Known before, with its reward in the search: {listed}.</p>" if listed else ""


def _differences(best: Sequence[Mapping[str, Any]]) -> str:
    """Return the choices: a row a decision that they differ in, a list of the others."""
    names = list(dict.fromkeys(name for b in best for name in b["choices"]))
    differ = [
        name for name in names if any(_choice(b, name) != _choice(best[0], name) for b in best)
    ]
    same = {name: _choice(best[0], name) for name in names if name not in differ}
    told = f"<p>{'The other' if differ else 'Their'} choices: {escape(_choices(same))}.</p>"
    if not differ:
        return told if same else ""
    rows = [Row([name, *(_choice(b, name) for b in best)]) for name in differ]
    header = ["Decision", *(f"Trial {b['trial']}" for b in best)]
    compared = table("What they differ in", header, rows, words=range(1, len(header)))
    return f"<h3>What they differ in</h3>{compared}{told if same else ''}"


def front_table(front: Sequence[Trial]) -> str:
    """Return the trials that no other one beats in both quality and cost, the cheapest first."""
    digits = _digits([place["reward"] for place in front])
    rows = [
        Row([str(p["trial"]), _reward(p["reward"], digits), _quantity(p["cost"])]) for p in front
    ]
    return table("The front of quality against cost", ["Trial", "Reward", "Multiply-adds"], rows)


def history_table(history: Sequence[Trial]) -> str:
    """Return the trials, folded; of a long history the latest and the best."""
    if not history:
        return ""
    shown = _shown(history)
    words = "Every trial" if len(shown) == len(history) else "The latest and the best trials"
    told = ""
    if len(shown) < len(history):
        told = (
            f"<p>{count(len(shown))} of {count(len(history))} trials: the latest {_LATEST} and the "
            f"best {_BEST}. <code>nasdip search show</code> lists them all.</p>"
        )
    by_cost = any(trial["cost"] is not None for trial in history)
    header = ["Trial", "State", "Reward", *(["Multiply-adds"] if by_cost else []), "Time"]
    digits = _digits([t["reward"] for t in history if t["reward"] is not None])
    rows = [Row(list(_cells(t, digits, by_cost=by_cost)), t["state"], _below(t)) for t in shown]
    listed = table(words, [*header, "Choices or reason"], rows, words=(1, len(header)))
    return f'<details class="history"><summary>{words}</summary>{told}{listed}</details>'


def _shown(history: Sequence[Trial]) -> Sequence[Trial]:
    if len(history) <= _LATEST + _BEST:
        return history
    done = [i for i, trial in enumerate(history) if trial["state"] == "done"]
    best = sorted(done, key=lambda i: -history[i]["reward"])[:_BEST]
    return [history[i] for i in sorted({*best, *range(len(history) - _LATEST, len(history))})]


def _cells(trial: Trial, digits: int, *, by_cost: bool) -> Iterator[str]:
    yield str(trial["trial"])
    yield "under way" if trial["state"] == "open" else trial["state"]
    yield _reward(trial["reward"], digits)
    if by_cost:
        yield _quantity(trial["cost"])
    yield "–" if trial["seconds"] is None else duration(trial["seconds"])
    yield trial["reason"] or _choices(trial["choices"])


def _below(trial: Trial) -> str:
    known = f"the known architecture {trial['known']}" if trial["known"] else ""
    choices = _choices(trial["choices"]) if trial["reason"] else ""
    return "; ".join(words for words in (known, choices) if words)


def _choices(choices: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in choices.items())


def _choice(candidate: Mapping[str, Any], name: str) -> str:
    return str(candidate["choices"].get(name, "–"))


def _digits(values: Sequence[float]) -> int:
    """Return how many decimals tell rewards apart: two for those in dB, more for small ones."""
    spread = max(values, default=0.0) - min(values, default=0.0)
    return min(6, max(2, 1 - floor(log10(spread)))) if spread > 0 else 2


def _reward(value: float | None, digits: int) -> str:
    if value is None:
        return "–"
    return f"{value:.{digits}f}" if abs(value) < 1e6 else f"{value:.3g}"


def _quantity(value: float | None) -> str:
    return "–" if value is None else quantity(value)
