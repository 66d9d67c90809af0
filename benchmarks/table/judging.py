"""How runs of two strategies are compared: within each picture, and free of its scale."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

Array = NDArray[np.float64]
PICTURES = 2
LEAST = 0.01
"""dB, as finely as the table tells."""
ENOUGH = 20
"""Runs of a picture: by simulation, 95 % intervals of 20 hold the truth in 92 %, of 3 in 79 %."""
DRAWS = 2000


def of_pictures(regrets: Array, seeds: list[int]) -> list[Array]:
    """Return the regrets of the runs that were told of each picture."""
    told = np.array(seeds) % PICTURES
    return [regrets[told == picture] for picture in range(PICTURES)]


def beats(ours: list[Array], theirs: list[Array]) -> tuple[float, float]:
    """Return the chance that a run of ours beats one of theirs on its picture, and p (two-sided).

    The test of van Elteren (1960): Wilcoxon's ranks within each picture, ties halved.
    """
    wins, off, variance = [], 0.0, 0.0
    for one, other in zip(ours, theirs, strict=True):
        ranks = rankdata(np.concatenate([one, other]))
        pairs, count = len(one) * len(other), len(one) + len(other)
        losses = ranks[: len(one)].sum() - len(one) * (len(one) + 1) / 2
        wins.append(1 - losses / pairs)
        _, ties = np.unique(ranks, return_counts=True)
        tied = (ties**3 - ties).sum() / (count * (count - 1))
        off += (losses - pairs / 2) / (count + 1)
        variance += pairs / 12 * (count + 1 - tied) / (count + 1) ** 2
    p = 1.0 if variance == 0 else 2 * norm.sf(abs(off) / variance**0.5)
    return float(np.mean(wins)), float(p)


def gain(ours: list[Array], theirs: list[Array]) -> float:
    """Return by which share of theirs our mean regret is less, in the mean over the pictures.

    Of regrets under `LEAST` the difference counts as a share of that.
    """
    shares = [
        (other.mean() - one.mean()) / max(other.mean(), LEAST)
        for one, other in zip(ours, theirs, strict=True)
    ]
    return float(np.mean(shares))


def gains(
    contests: list[tuple[list[Array], list[Array]]], generator: np.random.Generator
) -> tuple[float, float, float]:
    """Return the mean gain over contests, and its 95 % interval by the bootstrap over runs.

    NaN for an interval where a picture has fewer than `ENOUGH` runs: it would be too narrow.
    """
    mean = float(np.mean([gain(*contest) for contest in contests]))
    if min(len(runs) for contest in contests for side in contest for runs in side) < ENOUGH:
        return mean, float("nan"), float("nan")
    draws = [
        np.mean(
            [gain(again(ours, generator), again(theirs, generator)) for ours, theirs in contests]
        )
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(draws, [0.025, 0.975])
    return mean, float(low), float(high)


def told(gained: tuple[float, float, float]) -> str:
    """Return a gain and its interval in words."""
    mean, low, high = gained
    if np.isnan(low):
        return f"{mean:+.0%} (too few runs for an interval)"
    return f"{mean:+.0%} ({low:+.0%} to {high:+.0%})"


def again(runs: list[Array], generator: np.random.Generator) -> list[Array]:
    """Return as many runs of each picture, drawn with replacement."""
    return [one[generator.integers(len(one), size=len(one))] for one in runs]


def ranks(means: Array) -> Array:
    """Return mean ranks over the rows of a table of mean regrets, ties shared: (columns,)."""
    found: Array = np.array([rankdata(row) for row in means]).mean(axis=0)
    return found
