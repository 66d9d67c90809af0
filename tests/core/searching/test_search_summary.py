"""What is told of a study, and what looking at it may cost."""

import time
from types import SimpleNamespace

import optuna
import pytest
from optuna.distributions import CategoricalDistribution
from optuna.trial import create_trial

from nasdip_core.searching import run
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


def test_a_long_study_is_looked_at_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The workers want the cores that looking at it takes."""
    pauses: list[float] = []
    looks = iter([0.0, 0.03])
    alive = iter([1, 1, 0])
    sleep = time.sleep
    study = optuna.create_study()
    fleet = SimpleNamespace(alive=lambda: next(alive))
    monkeypatch.setattr(run.time, "sleep", pauses.append)
    run._watch_until_ended(
        study,
        SimpleNamespace(trials=1, workers=1),  # type: ignore[arg-type]
        fleet,  # type: ignore[arg-type]
        lambda _: sleep(next(looks, 0.0)),
    )
    quick, slow = pauses
    assert slow >= 50 * 0.03
    assert quick < slow
