"""What the table can tell, and how well: rank correlations, the surrogate's error, what is missing.

python benchmarks/table/report.py [--table FILE]
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, spearmanr
from surrogate import Surrogate
from table import COSTS, FILE, PROXIES, Table

Array = NDArray[np.float32]
LEAST = 10
"""Points under which a correlation says nothing."""
Row = tuple[str, str, str, str]


def made(table: Table) -> Iterator[str]:
    """Yield how many points of each space and setting were fitted to all tasks."""
    for space in table.spaces():
        for setting in table.iterations:
            # Not the last iteration: fits of `full` end when their rule says so.
            values = table.values(space, "stopped", setting)[..., 0]
            done = np.isfinite(values).any(axis=(2, 3)).all(axis=0).sum()
            yield f"{space}, {setting}: {done} of {values.shape[1]} points, all tasks"


def rows(table: Table) -> Iterator[Row]:
    """Yield (space, task, what is compared, the outcome)."""
    for space in table.spaces():
        for number, task in enumerate(table.tasks):
            for what, one, other in _pairs(table, space, number):
                yield space, task, what, _agreement(one, other)
    for task in table.tasks:
        yield "nas-dip", task, "surrogate, one left out", _surrogate(table, task)


def _pairs(table: Table, space: str, task: int) -> Iterator[tuple[str, Array, Array]]:
    """Yield what is compared, by point: NaN where it was not run."""
    psnr = table.values(space, "psnr")[task]  # (points, pictures, seeds, iterations)
    small, low, full = (
        table.values(space, "stopped", name)[task, ..., 0] for name in ("small", "low", "full")
    )
    reward, big = small[:, :2, 0].mean(axis=1), full[:, :2, 0].mean(axis=1)
    # Only the plain networks have more seeds.
    for seed in range(1, min(3, small.shape[2])):
        yield f"reward and with seed {seed}", reward, small[:, :2, seed].mean(axis=1)
    yield "picture 0 and picture 1", small[:, 0, 0], small[:, 1, 0]
    yield "reward and on pictures 2, 3", reward, small[:, 2:, 0].mean(axis=1)
    yield "reward and at 32 px", reward, low[:, :2, 0].mean(axis=1)
    yield "reward and full size", reward, big
    kept = table.iterations["small"]
    for column in range(2, len(kept), 2):
        short = psnr[:, :2, 0, column].mean(axis=1)
        yield f"reward and psnr at {kept[column]}", reward, short
    validation = table.values(space, "validation")[task, :, :2, 0].max(axis=-1).mean(axis=1)
    yield "reward and best validation", reward, validation
    for name in PROXIES[:-1]:
        proxy = table.values(space, name)[task, :, :2, 0, 0].mean(axis=1)
        yield f"reward and {name}", reward, proxy
        yield f"full size and {name}", big, proxy
    for place, name in enumerate(COSTS):
        cost = table.costs(space)[:, place].astype(np.float32)
        yield f"reward and {name}", reward, cost
        yield f"full size and {name}", big, cost


def _agreement(one: Array, other: Array) -> str:
    both = ~(np.isnan(one) | np.isnan(other))
    if both.sum() < LEAST:
        return f"missing ({both.sum()} points)"
    one, other = one[both], other[both]
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return f"constant ({both.sum()} points)"
    tau, rho = kendalltau(one, other).statistic, spearmanr(one, other).statistic
    return f"tau {tau:+.2f}, rho {rho:+.2f} ({both.sum()} points)"


def _surrogate(table: Table, task: str) -> str:
    try:
        surrogate = Surrogate(table, task)
    except ValueError as error:
        return f"missing ({error})"
    everything = table.points("nas-dip")
    joint = np.array(
        [
            not any(cell.items() <= everything[place].items() for cell in table.pattern_cells)
            for place in surrogate.places
        ]
    )
    outcomes = []
    for name, which in (("joint", joint), ("pattern", ~joint)):
        truth, guess = surrogate.rewards[which], surrogate.left_out[which]
        if len(truth) < LEAST:
            outcomes.append(f"{name}: missing ({len(truth)} points)")
            continue
        rmse = np.sqrt(np.mean((truth - guess) ** 2))
        tau = kendalltau(truth, guess).statistic
        outcomes.append(
            f"{name}: RMSE {rmse:.2f} dB of a deviation of {truth.std():.2f} dB, tau {tau:+.2f} "
            f"({len(truth)} points)"
        )
    return "; ".join(outcomes)


def main() -> None:
    """Read the command line and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, default=FILE)
    table = Table(parser.parse_args().table)
    for line in made(table):
        print(line)
    print("\n| space | task | what | outcome |\n|---|---|---|---|")
    for row in rows(table):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
