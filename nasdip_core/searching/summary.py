"""What a study has found, as the `nasdip.search/1` object, told from the study alone."""

import math
import warnings
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial

from nasdip_core.searching.progress import progress_of
from nasdip_core.study.best import finalists, places_of
from nasdip_core.study.records import REASON, History, Record
from nasdip_core.study.study import settings_of

SCHEMA = "nasdip.search/1"


def summary(study: Study) -> dict[str, Any]:
    """Return `standing` and the history, importance and the front of a study."""
    trials, records = _read(study)
    return _standing(study, trials, records) | {
        "importance": importance(study, records),
        "front": front(study, records),
        "history": [_trial(trials[r.number], r) for r in records if r.state != "surplus"],
    }


def standing(study: Study) -> dict[str, Any]:
    """Return settings, counts and the best of a study."""
    return _standing(study, *_read(study))


def _read(study: Study) -> tuple[Sequence[FrozenTrial], Sequence[Record]]:
    trials = study.get_trials(deepcopy=False)
    history = History()
    history.update(trials)
    return trials, history.records


def _standing(
    study: Study, trials: Sequence[FrozenTrial], records: Sequence[Record]
) -> dict[str, Any]:
    progress = progress_of(trials, 0, 1)
    seconds = progress.seconds_per_trial
    return {
        "schema": SCHEMA,
        "study": study.study_name,
        "settings": settings_of(study),
        "trials": {
            "done": progress.done,
            "pruned": progress.pruned,
            "failed": progress.failed,
            "running": progress.running,
            "duplicates": progress.duplicates,
            "infeasible": progress.infeasible,
        },
        "seconds_per_trial": None if seconds is None else round(seconds, 3),
        "compared": places_of(study, records) is not None,
        "best": best(study, trials, records),
    }


def best(
    study: Study, trials: Sequence[FrozenTrial], records: Sequence[Record]
) -> list[dict[str, Any]]:
    """Return the best candidates, the best first: by the last comparison where there was one."""
    by_slot = {record.slot: record for record in finalists(records)}
    places = places_of(study, records)
    order = list(by_slot) if places is None else [place.slot for place in places]
    values = {} if places is None else {place.slot: list(place.values) for place in places}
    return [
        {
            "trial": slot,
            "reward": fmean(values[slot]) if values.get(slot) else None,
            "rewards": values.get(slot, []),
            "search_reward": by_slot[slot].value,
            "choices": dict(by_slot[slot].choices),
            "parameters": trials[by_slot[slot].number].user_attrs.get("parameters"),
            "macs": trials[by_slot[slot].number].user_attrs.get("macs"),
        }
        for slot in order
    ]


def importance(study: Study, records: Sequence[Record]) -> dict[str, float] | None:
    """Return how much each decision tells the best tenth from the rest; None: too few trials.

    Source: Watanabe, Bansal, Hutter, "PED-ANOVA", IJCAI 2023.
    """
    done = [r for r in records if r.state == "done" and not r.duplicate]
    if len(done) < 10 or len({r.value for r in done}) < 2 or len(study.directions) > 1:
        return None
    trained = {r.number for r in done}

    def loss(trial: FrozenTrial) -> float:
        # Not those that were told a value without a fit: what is not finite is left out.
        return -trial.values[0] if trial.number in trained else math.inf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        warnings.filterwarnings("ignore", message=".* to achieve low `target` values")
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        found = optuna.importance.get_param_importances(study, evaluator=evaluator, target=loss)
    return {name: value for name, value in found.items() if math.isfinite(value)}


def front(study: Study, records: Sequence[Record]) -> list[dict[str, Any]] | None:
    """Return the trials that none beats in quality and cost, cheapest first; None: no cost."""
    if len(study.directions) < 2:
        return None
    done = [r for r in records if r.state == "done" and not r.duplicate]
    found: list[dict[str, Any]] = []
    for r in sorted(done, key=lambda r: (r.cost or 0.0, -(r.value or 0.0), r.slot)):
        if not found or (r.value or 0.0) > found[-1]["reward"]:
            found.append({"trial": r.slot, "reward": r.value, "cost": r.cost})
    return found


def _trial(trial: FrozenTrial, record: Record) -> dict[str, Any]:
    duration = trial.duration
    # What a sampler is told of a network that cannot be is no reward.
    trained = record.state != "infeasible"
    return {
        "trial": record.slot,
        "state": "duplicate" if record.duplicate else record.state,
        "reward": record.value if trained else None,
        "cost": record.cost if trained else None,
        "seconds": None if duration is None else round(duration.total_seconds(), 3),
        "reason": trial.user_attrs.get(REASON),
        "known": trial.user_attrs.get("known"),
        "choices": dict(record.choices),
    }
