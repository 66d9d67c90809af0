"""What is told of a study."""

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.trial import create_trial

from nasdip_core.searching.summary import importance
from nasdip_core.study.records import OUTCOME, History

DISTRIBUTIONS = {name: CategoricalDistribution((1, 3, 5)) for name in ("kernel", "depth")}


def studied(told: int) -> optuna.Study:
    """Return a study in which the kernel matters, and trials that were told values unfitted."""
    study = optuna.create_study(direction="maximize")
    for n in range(30):
        kernel, depth = (1, 3, 5)[n % 3], (1, 3, 5)[n // 3 % 3]
        _add(study, kernel, depth, kernel + 0.01 * n)
    for n in range(told):
        # By these, the depth would matter most.
        _add(study, 1, 5, 9.0 + n, outcome="infeasible" if n % 2 else "duplicate")
    return study


def _add(study: optuna.Study, kernel: int, depth: int, value: float, outcome: str = "") -> None:
    study.add_trial(
        create_trial(
            params={"kernel": kernel, "depth": depth},
            distributions=DISTRIBUTIONS,
            value=value,
            user_attrs={OUTCOME: outcome} if outcome else {},
        )
    )


def test_importance_is_that_of_the_fitted_trials_alone() -> None:
    found = []
    for study in (studied(0), studied(20)):
        history = History()
        history.update(study.get_trials(deepcopy=False))
        found.append(importance(study, history.records))
    alone, among = found
    assert alone is not None
    assert alone["kernel"] > 0.9
    assert among == alone
