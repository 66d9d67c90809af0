"""From a mean squared error to decibels."""

import math

MOST = 100.0
"""dB at which an estimate counts as perfect: more than can be seen, and nothing is infinite."""


def decibels(error: float) -> float:
    """Return min(-10 log10(error), 100); NaN where the error is no number."""
    if not math.isfinite(error):
        return math.nan
    return -10 * math.log10(max(error, 10 ** (-MOST / 10)))
