"""What of a network matters: the cell, the connections, or its size; and does it matter everywhere?

    python benchmarks/table/ablate.py [--table FILE]

Every gain is honest about luck: networks are chosen on one picture and judged on the other, and
the other way round. The plain network has the bilinear cell and same-level connections.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr
from table import COSTS, FILE, Table

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
BEST = 10
"""Networks that are chosen: one alone would be mostly luck."""
LIKE = 0.1
"""Share by which the parameters of a network of like size may differ."""


@dataclass(frozen=True)
class Part:
    """What is varied, and the plain network that it is varied from."""

    name: str
    space: str
    points: Mask
    plain: int


def parts(table: Table) -> Iterator[Part]:
    """Yield the ablations: cell alone, connections alone with each of two cells, and both."""
    cells = table.points("nas-dip-cell")
    plain, searched = table.pattern_cells
    yield Part("cell", "nas-dip-cell", np.full(len(cells), True), _place(cells, plain))
    networks = table.points("nas-dip")
    level = {name: name == "offset+0" for name in networks[0] if name.startswith("offset")}
    for title, cell in (("plain", plain), ("NAS-DIP's", searched)):
        of_cell = np.array([cell.items() <= network.items() for network in networks])
        yield Part(
            f"connections, {title} cell", "nas-dip", of_cell, _place(networks, {**cell, **level})
        )
    everything = np.full(len(networks), True)
    yield Part("both", "nas-dip", everything, _place(networks, {**plain, **level}))


def gains(rewards: Array, chosen_from: Mask, plain: int) -> tuple[float, float]:
    """Return what the best ten gain in dB on a picture they were not chosen on, and their spread.

    `rewards` is (points, 2), a column a picture; the spread is that of the ten and both ways.
    """
    found: list[float] = []
    known = np.flatnonzero(chosen_from & ~np.isnan(rewards).any(axis=1))
    for choosing, judging in permutations(range(2)):
        best = known[np.argsort(-rewards[known, choosing])[:BEST]]
        found += list(rewards[best, judging] - rewards[plain, judging])
    return float(np.mean(found)), float(np.std(found))


def of_like_size(table: Table, part: Part) -> Mask:
    """Return the points whose full networks have about the parameters of the plain one."""
    full = table.costs(part.space)[:, COSTS.index("full_parameters")]
    near: Mask = np.abs(full / full[part.plain] - 1) <= LIKE
    return near & part.points


def beside_size(table: Table, part: Part, rewards: Array) -> tuple[float, float]:
    """Return how pictures agree on the order of networks: as it is, and at equal parameters.

    Spearman's correlation, and the partial one given the rank of the parameters.
    """
    full = table.costs(part.space)[:, COSTS.index("full_parameters")]
    both = part.points & ~np.isnan(rewards).any(axis=1) & ~np.isnan(full)
    one, other, size = (rankdata(x[both]) for x in (rewards[:, 0], rewards[:, 1], full))
    between = np.corrcoef([one, other, size])
    partial = (between[0, 1] - between[0, 2] * between[1, 2]) / np.sqrt(
        (1 - between[0, 2] ** 2) * (1 - between[1, 2] ** 2)
    )
    return float(between[0, 1]), float(partial)


def shares(table: Table, rewards: Array) -> dict[str, float]:
    """Return which share of the variance of the patterns' rewards each offset has by itself.

    Main effects over all patterns with both cells, and that of the cell.
    """
    networks = table.points("nas-dip")
    chosen = np.array([_with_pattern_cell(table, n) for n in networks]) & ~np.isnan(rewards)
    values = rewards[chosen] - rewards[chosen].mean()
    kept = [n for n, keep in zip(networks, chosen, strict=True) if keep]
    factors = {name: [n[name] for n in kept] for name in networks[0] if name.startswith("offset")}
    factors["cell"] = [table.pattern_cells[0].items() <= n.items() for n in kept]
    found: dict[str, float] = {}
    for name, factor in factors.items():
        on = np.array(factor, bool)
        between = sum(mask.mean() * values[mask].mean() ** 2 for mask in (on, ~on) if mask.any())
        found[name] = float(between / values.var())
    return found


def transfer(table: Table, space: str) -> Iterator[tuple[str, str, float, float]]:
    """Yield (searched for, used for, Spearman's correlation, loss in dB).

    The loss: how much worse the ten best for one task are than the ten best for the other. Chosen
    on one picture, used on the other.
    """
    by_task = {task: _rewards(table, space, task) for task in table.tasks}
    for one, other in permutations(table.tasks, 2):
        both = ~(np.isnan(by_task[one]) | np.isnan(by_task[other])).any(axis=1)
        first, second = by_task[one][both], by_task[other][both]
        losses = []
        for choosing, judging in permutations(range(2)):
            own = np.argsort(-second[:, choosing])[:BEST]
            brought = np.argsort(-first[:, choosing])[:BEST]
            losses.append(second[own, judging].mean() - second[brought, judging].mean())
        agreed = spearmanr(first.mean(axis=1), second.mean(axis=1)).statistic
        yield one, other, float(agreed), float(np.mean(losses))


def _rewards(table: Table, space: str, task: str) -> Array:
    """Return what a search is told of each point: (points, 2), a column a picture."""
    every = table.values(space, "stopped")[table.tasks.index(task), :, :2, 0, 0]
    return every.astype(np.float64)


def _place(points: list[dict[str, Any]], choices: Mapping[str, Any]) -> int:
    """Return the place of the first point that has the choices."""
    return next(i for i, point in enumerate(points) if choices.items() <= point.items())


def _with_pattern_cell(table: Table, network: Mapping[str, Any]) -> bool:
    return any(cell.items() <= network.items() for cell in table.pattern_cells)


def report(table: Table) -> None:
    """Print the tables in Markdown."""
    print(
        "| task | varied | gain of the best ten, dB | of those of like size | rho | partial rho |"
    )
    print("|---|---|---|---|---|---|")
    for task in table.tasks:
        for part in parts(table):
            rewards = _rewards(table, part.space, task)
            if np.isnan(rewards[part.plain]).any():
                print(f"| {task} | {part.name} | the plain network was not run | | | |")
                continue
            free, spread = gains(rewards, part.points, part.plain)
            alike, spread_alike = gains(rewards, of_like_size(table, part), part.plain)
            rho, partial = beside_size(table, part, rewards)
            print(
                f"| {task} | {part.name} | {free:+.2f} ± {spread:.2f} | "
                f"{alike:+.2f} ± {spread_alike:.2f} | {rho:.2f} | {partial:.2f} |"
            )
    print("\n| task | share of variance among patterns |\n|---|---|")
    for task in table.tasks:
        found = shares(table, _rewards(table, "nas-dip", task).mean(axis=1))
        ordered = sorted(found.items(), key=lambda pair: -pair[1])
        print(f"| {task} | {', '.join(f'{name} {share:.0%}' for name, share in ordered[:5])} |")
    print("\n| space | searched for | used for | rho | loss, dB |\n|---|---|---|---|---|")
    for space in table.spaces():
        for one, other, rho, loss in transfer(table, space):
            print(f"| {space} | {one} | {other} | {rho:+.2f} | {loss:.2f} |")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, default=FILE)
    report(Table(parser.parse_args().table))


if __name__ == "__main__":
    main()
