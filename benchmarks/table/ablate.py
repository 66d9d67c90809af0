"""What of a network matters: the cell, the connections, or its size; and does it matter everywhere?

    python benchmarks/table/ablate.py [--table FILE]

Every gain is honest about luck: networks are chosen on one picture and judged on the other, and
the other way round. The plain network has the bilinear cell and same-level connections; it counts
by the mean of several seeds, as the luck of one would be in every gain.
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
from scipy.stats import t as student
from table import COSTS, FILE, Table

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
BEST = 0.1
"""Share of the networks that is chosen: one alone would be mostly luck."""
SIGMAS = 1.96
"""Standard errors in half of a 95 % interval."""
DRAWS = 500
LEAST = 30
"""Networks under which too little can be said."""
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
    joint = np.array([not _with_pattern_cell(table, network) for network in networks])
    # The plain network is no joint point, but it is what they are varied from.
    plain_place = _place(networks, {**plain, **level})
    joint[plain_place] = True
    yield Part("both", "nas-dip", joint, plain_place)


def shared_luck(every: Array) -> tuple[Array, int]:
    """Return the variance of what a seed, by its damage say, gives to all networks: by picture.

    And of how many seeds it is. `every` is (points, 2, seeds). NaN where too few networks were run
    with another seed.
    """
    moved = every - every[..., :1]
    run = (np.isfinite(moved).sum(axis=0) >= LEAST).all(axis=0)
    if run.sum() < 2:
        return np.full(2, np.nan), int(run.sum())
    return np.nanmedian(moved[..., run], axis=0).var(axis=1, ddof=1), int(run.sum())


def gains(
    rewards: Array, chosen_from: Mask, plain: Array, shared: tuple[Array, int]
) -> tuple[float, float]:
    """Return what the best tenth gains in dB on a picture it was not chosen on; half its interval.

    `rewards` is (points, 2), a column a picture, all of one seed. `plain`, (2, seeds), is the plain
    network by seed, and `shared` the variance of what the one seed gave to all. The interval is
    Student's, 95 %, with the degrees of freedom of Welch and Satterthwaite.
    """
    among = rewards[known(rewards, chosen_from)]
    mean, parts = 0.0, []
    for choosing, judging in permutations(range(2)):
        best, against = among[best_of(among[:, choosing]), judging], plain[judging]
        mean += (best.mean() - against.mean()) / 2
        parts += [(each.var(ddof=1) / len(each) / 4, len(each) - 1) for each in (best, against)]
        parts += [(shared[0][judging] / 4, shared[1] - 1)]
    square = sum(variance for variance, _ in parts)
    if not square:
        return float(mean), 0.0
    freedom = square**2 / sum(variance**2 / free for variance, free in parts)
    return float(mean), float(student.ppf(0.975, freedom) * np.sqrt(square))


def known(rewards: Array, points: Mask) -> Mask:
    """Return which points were run on both pictures."""
    run: Mask = points & ~np.isnan(rewards).any(axis=1)
    return run


def best_of(values: Array) -> NDArray[np.intp]:
    """Return the places of the best tenth."""
    return np.argsort(-values)[: max(1, round(BEST * len(values)))]


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
    both = known(rewards, part.points)
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


def transfer(table: Table, space: str) -> Iterator[tuple[str, str, float, float, float]]:
    """Yield (searched for, used for, Spearman's correlation, loss in dB, half its 95 % interval).

    The loss: how much worse the best tenth for one task is than that for the other. Chosen on one
    picture, used on the other. The interval is the bootstrap's over networks.
    """
    generator = np.random.default_rng(0)
    by_task = {task: _by_seed(table, space, task)[..., 0] for task in table.tasks}
    for one, other in permutations(table.tasks, 2):
        both = ~(np.isnan(by_task[one]) | np.isnan(by_task[other])).any(axis=1)
        first, second = by_task[one][both], by_task[other][both]
        draws = generator.integers(len(first), size=(DRAWS, len(first)))
        error = np.std([_loss(first[drawn], second[drawn]) for drawn in draws], ddof=1)
        agreed = spearmanr(first.mean(axis=1), second.mean(axis=1)).statistic
        yield one, other, float(agreed), _loss(first, second), float(SIGMAS * error)


def _loss(first: Array, second: Array) -> float:
    losses = []
    for choosing, judging in permutations(range(2)):
        own, brought = best_of(second[:, choosing]), best_of(first[:, choosing])
        losses.append(second[own, judging].mean() - second[brought, judging].mean())
    return float(np.mean(losses))


def _by_seed(table: Table, space: str, task: str) -> Array:
    """Return what a search is told of each point by picture and seed: (points, 2, seeds)."""
    every = table.values(space, "stopped")[table.tasks.index(task), :, :2, :, 0]
    return every.astype(np.float64)


def _place(points: list[dict[str, Any]], choices: Mapping[str, Any]) -> int:
    """Return the place of the first point that has the choices."""
    return next(i for i, point in enumerate(points) if choices.items() <= point.items())


def _with_pattern_cell(table: Table, network: Mapping[str, Any]) -> bool:
    return any(cell.items() <= network.items() for cell in table.pattern_cells)


def _gain(rewards: Array, chosen_from: Mask, plain: Array, shared: tuple[Array, int]) -> str:
    among = known(rewards, chosen_from).sum()
    if among < LEAST:
        return f"too few ({among})"
    mean, half = gains(rewards, chosen_from, plain, shared)
    return f"{mean:+.2f} ± {half:.2f} (of {among})"


def report(table: Table) -> None:
    """Print the tables in Markdown."""
    print(
        "| task | varied | gain of the best tenth, dB | of those of like size | rho | partial rho |"
    )
    print("|---|---|---|---|---|---|")
    for task in table.tasks:
        for part in parts(table):
            every = _by_seed(table, part.space, task)
            rewards, shared = every[..., 0], shared_luck(every)
            plain = every[part.plain][:, np.isfinite(every[part.plain]).all(axis=0)]
            if plain.shape[1] < 2 or np.isnan(shared[0]).any():
                print(f"| {task} | {part.name} | too few seeds | | | |")
                continue
            free = _gain(rewards, part.points, plain, shared)
            alike = _gain(rewards, of_like_size(table, part), plain, shared)
            rho, partial = beside_size(table, part, rewards)
            print(f"| {task} | {part.name} | {free} | {alike} | {rho:.2f} | {partial:.2f} |")
    print("\n| task | share of variance among patterns |\n|---|---|")
    for task in table.tasks:
        found = shares(table, table.means("nas-dip", task))
        ordered = sorted(found.items(), key=lambda pair: -pair[1])
        print(f"| {task} | {', '.join(f'{name} {share:.0%}' for name, share in ordered[:5])} |")
    print("\n| space | searched for | used for | rho | loss, dB |\n|---|---|---|---|---|")
    for space in table.spaces():
        for one, other, rho, loss, width in transfer(table, space):
            print(f"| {space} | {one} | {other} | {rho:+.2f} | {loss:.2f} ± {width:.2f} |")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, default=FILE)
    report(Table(parser.parse_args().table))


if __name__ == "__main__":
    main()
