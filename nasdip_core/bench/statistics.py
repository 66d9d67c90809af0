"""Means over pictures, and paired differences with their uncertainty."""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from statistics import fmean

Values = Mapping[tuple[str, Hashable], float]
"""A quality by picture and by draw of what is random: the seed, or seed and damage."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of paired differences over pictures, and its 95 % confidence interval."""

    mean: float
    low: float | None
    """None for a single picture, which says nothing of others."""
    high: float | None
    pictures: int


def by_picture(values: Values) -> dict[str, float]:
    """Return the mean over draws of every picture."""
    pictures: dict[str, list[float]] = {}
    for (picture, _), value in values.items():
        pictures.setdefault(picture, []).append(value)
    return {picture: fmean(found) for picture, found in pictures.items()}


def paired(values: Values, reference: Values) -> Difference | None:
    """Return `values` - `reference` over equal pictures and draws; None without a common one.

    d_p is the mean over draws of picture p, and the interval is mean(d) -+ t s / sqrt(n) with the
    0.975 quantile t of Student's distribution with n - 1 degrees of freedom: it speaks of other
    pictures like these n, and assumes differences that are not far from normal.
    """
    both = {key: value - reference[key] for key, value in values.items() if key in reference}
    differences = list(by_picture(both).values())
    if not differences:
        return None
    centre, count = fmean(differences), len(differences)
    if count == 1:
        return Difference(centre, None, None, 1)
    from scipy.special import stdtrit

    variance = math.fsum((d - centre) ** 2 for d in differences) / (count - 1)
    half = float(stdtrit(count - 1, 0.975)) * math.sqrt(variance / count)
    return Difference(centre, centre - half, centre + half, count)
