"""How far a search is, told from its study alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from optuna.trial import FrozenTrial, TrialState

from nasdip_core.study.records import History, Record


@dataclass(frozen=True, slots=True)
class Progress:
    """What a view of a running search shows."""

    wanted: int
    done: int
    pruned: int
    failed: int
    running: int
    duplicates: int
    infeasible: int
    best: Record | None
    seconds_per_trial: float | None
    """Of the trials that were trained."""
    seconds_left: float | None
    """Until the last trial, without the last comparison."""
    comparison: "Progress | None" = None
    """The last comparison, once it is under way."""
    lost: Sequence[str] = ()
    """What was said of workers that are lost."""

    @property
    def finished(self) -> int:
        """Trials that count and have ended."""
        return self.done + self.pruned + self.failed


def progress_of(trials: Sequence[FrozenTrial], wanted: int, workers: int) -> Progress:
    """Return how far a study is on its way to so many trials."""
    history = History()
    history.update(trials)
    records = history.records
    counted = [r for r in records if r.counts]
    states = [r.state for r in counted]
    ended = [r for r in counted if r.state == "done"]
    seconds = [
        trial.duration.total_seconds()
        for r in counted
        if (trial := trials[r.number]).duration is not None
    ]
    mean = fmean(seconds) if seconds else None
    left = max(0, wanted - len(counted))
    return Progress(
        wanted=wanted,
        done=states.count("done"),
        pruned=states.count("pruned"),
        failed=states.count("failed"),
        running=sum(trial.state is TrialState.RUNNING for trial in trials),
        duplicates=sum(r.duplicate for r in records),
        infeasible=sum(r.state == "infeasible" for r in records),
        best=max(ended, key=lambda r: (r.value or 0.0, -r.slot), default=None),
        seconds_per_trial=mean,
        seconds_left=None if mean is None else left * mean / max(1, workers),
    )
