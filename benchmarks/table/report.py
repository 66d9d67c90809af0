"""What the table can tell, and how well: rank correlations, the surrogate's error, what is missing.

python benchmarks/table/report.py [--table FILE]
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata, spearmanr
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
            values = table.values(space, "stopped", setting)[:, :, :2, 0, 0]
            done = np.isfinite(values).all(axis=(0, 2)).sum()
            yield f"{space}, {setting}: {done} of {values.shape[1]} points, all tasks and pictures"


def rows(table: Table) -> Iterator[Row]:
    """Yield (space, task, what is compared, the outcome)."""
    for space in table.spaces():
        for number, task in enumerate(table.tasks):
            for what, one, other in _pairs(table, space, number):
                yield space, task, what, _agreement(one, other)
    for number, task in enumerate(table.tasks):
        # Few were fitted in full size: those of both spaces together.
        by_space = [dict(_with_full_size(table, space, number)) for space in table.spaces()]
        big = [_full_size(table, space, number) for space in table.spaces()]
        for what in by_space[0]:
            pairs = [_ranks(one, of[what]) for one, of in zip(big, by_space, strict=True)]
            one, other = (np.concatenate(ranks) for ranks in zip(*pairs, strict=True))
            yield "within both spaces", task, f"full size and {what}", _agreement(one, other)
    for task in table.tasks:
        yield "nas-dip", task, "surrogate, one left out", _surrogate(table, task)


def side_by_side(found: Iterable[Row], tasks: Sequence[str]) -> Iterator[str]:
    """Yield the outcomes in Markdown: a table a space, a column a task."""
    spaces: dict[str, dict[str, dict[str, str]]] = {}
    for space, task, what, outcome in found:
        spaces.setdefault(space, {}).setdefault(what, {})[task] = outcome
    for space, outcomes in spaces.items():
        yield f"\n| {space} | {' | '.join(tasks)} |"
        yield "|---" * (1 + len(tasks)) + "|"
        for what, by_task in outcomes.items():
            yield f"| {what} | {' | '.join(by_task[task] for task in tasks)} |"


def _pairs(table: Table, space: str, task: int) -> Iterator[tuple[str, Array, Array]]:
    """Yield what is compared, by point: NaN where it was not run."""
    small = table.values(space, "stopped")[task, ..., 0]
    reward = small[:, :2, 0].mean(axis=1)
    # Only the plain networks have more seeds.
    for seed in range(1, min(3, small.shape[2])):
        yield f"reward and with seed {seed}", reward, small[:, :2, seed].mean(axis=1)
    yield "picture 0 and picture 1", small[:, 0, 0], small[:, 1, 0]
    yield "reward and on pictures 2, 3", reward, small[:, 2:, 0].mean(axis=1)
    again = small[:, :2, 1].mean(axis=1) if small.shape[2] > 1 else np.full_like(reward, np.nan)
    for name, proxy in _cheap(table, space, task):
        yield f"reward and {name}", reward, proxy
        if name.startswith("psnr"):  # A part of the same fit shares its luck.
            yield f"reward with seed 1 and {name}", again, proxy


def _cheap(table: Table, space: str, task: int) -> Iterator[tuple[str, Array]]:
    """Yield what costs less than a fit, by its name and by point."""
    kept, psnr = table.iterations["small"], table.values(space, "psnr")[task]
    for column in range(2, len(kept) - 1, 2):
        yield f"psnr at {kept[column]}", psnr[:, :2, 0, column].mean(axis=1)
    low = table.values(space, "stopped", "low")[task, ..., 0]
    yield "reward at 32 px", low[:, :2, 0].mean(axis=1)
    for name in PROXIES[:-1]:
        yield name, table.values(space, name)[task, :, :2, 0, 0].mean(axis=1)
    for place, name in enumerate(COSTS):
        yield name, table.costs(space)[:, place].astype(np.float32)


def _with_full_size(table: Table, space: str, task: int) -> Iterator[tuple[str, Array]]:
    """Yield what full size is compared with."""
    yield "reward", table.values(space, "stopped")[task, :, :2, 0, 0].mean(axis=1)
    validation = table.values(space, "validation")[task, :, :2, 0].max(axis=-1).mean(axis=1)
    yield "best validation", validation
    yield from _cheap(table, space, task)


def _full_size(table: Table, space: str, task: int) -> Array:
    found: Array = table.values(space, "stopped", "full")[task, :, :2, 0, 0].mean(axis=1)
    return found


def _ranks(one: Array, other: Array) -> tuple[Array, Array]:
    """Return the ranks of the points that have both, from -1 to 1: of spaces to be taken together.

    What one space has more of than another says nothing of the networks within either.
    """
    both = ~(np.isnan(one) | np.isnan(other))
    if both.sum() < 2:
        return np.empty(0, np.float32), np.empty(0, np.float32)
    first, second = (
        ((2 * rankdata(each[both]) - both.sum() - 1) / (both.sum() - 1)).astype(np.float32)
        for each in (one, other)
    )
    return first, second


def _agreement(one: Array, other: Array) -> str:
    """Return both rank correlations, rho with the 95 % interval of Bonett and Wright (2000)."""
    both = ~(np.isnan(one) | np.isnan(other))
    if both.sum() < LEAST:
        return f"missing ({both.sum()} points)"
    one, other = one[both], other[both]
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return f"constant ({both.sum()} points)"
    tau, rho = kendalltau(one, other).statistic, spearmanr(one, other).statistic
    half = 1.96 * np.sqrt((1 + rho**2 / 2) / (both.sum() - 3))
    low, high = np.tanh(np.arctanh(np.clip(rho, -0.999, 0.999)) + np.array([-half, half]))
    return f"tau {tau:+.2f}, rho {rho:+.2f} ({low:+.2f} to {high:+.2f}; {both.sum()} points)"


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
    for line in side_by_side(rows(table), table.tasks):
        print(line)


if __name__ == "__main__":
    main()
