"""Optuna's pruners, set up for the one step axis that a study has."""

import warnings
from collections.abc import Sequence

from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, HyperbandPruner, NopPruner, WilcoxonPruner

from nasdip_core.searching.options import PrunerOptions


def make_pruner(options: PrunerOptions, rungs: Sequence[int]) -> BasePruner:
    """Return the pruner; `rungs` are the steps that hyperband reports at, the last one whole.

    Sources: signed-rank test against the best trial so far, picture by picture (Wilcoxon, 1945);
    successive halving in brackets (Li et al., "Hyperband", JMLR 2018, algorithm 1).
    """
    match options.uses:
        case "wilcoxon":
            with warnings.catch_warnings():
                # Optuna may change it; our tests would tell.
                warnings.simplefilter("ignore", ExperimentalWarning)
                return WilcoxonPruner(p_threshold=options.threshold)
        case "hyperband":
            return HyperbandPruner(
                min_resource=rungs[0], max_resource=rungs[-1], reduction_factor=options.factor
            )
        case "none":
            return NopPruner()
