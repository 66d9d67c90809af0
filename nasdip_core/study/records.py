"""What a study has found so far, trial by trial, as strategies and reports read it.

A trial takes the slot of its own number. One that a worker died over is tried again under a new
number but in the slot of the original: the slots in their order, and the draws by the place in that
order, are those of a search in which nothing ever happened.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from optuna.trial import FrozenTrial, TrialState

from nasdip_core.space import Choice

SLOT = "slot"
"""Attribute of a trial that is tried again: the number of the original."""
ABANDONED = "abandoned"
"""Attribute of a trial whose worker is gone and that is to be tried again."""
OUTCOME = "outcome"
"""Attribute of a trial that was not trained: `duplicate`, `infeasible` or `surplus`."""
ESTIMATE = "estimate"
"""Attribute of a pruned trial: what its value would have been."""
REASON = "reason"
"""Attribute of a failed trial: why."""
NOT_KEPT = "not_kept"
"""Attribute of a trial whose fits could not be kept: why."""
NOTES = "nasdip:notes"
"""System attribute of a trial: what the sampler that proposed it has noted."""

State = Literal["open", "done", "pruned", "failed", "infeasible", "surplus"]


@dataclass(frozen=True, slots=True)
class Record:
    """One slot of a study: its latest trial."""

    slot: int
    number: int
    """Of the latest trial in the slot."""
    state: State
    """`open`: waiting, running, or to be tried again; `surplus`: not needed."""
    choices: Mapping[str, Choice] = field(default_factory=dict)
    """Those of every decision, as they were sampled; may lack some while the slot is open."""
    value: float | None = None
    """Quality, higher is better; of a pruned trial an estimate."""
    cost: float | None = None
    """The second objective, where there is one; lower is better."""
    duplicate: bool = False
    """It was told the value of an earlier trial of the same architecture."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What the sampler noted when it proposed the trial; empty for a known architecture."""

    @property
    def counts(self) -> bool:
        """Whether it is one of the trials that the user asked for."""
        return self.state in ("done", "pruned", "failed") and not self.duplicate


class History:
    """The records of a study, brought up to date from its trials."""

    def __init__(self) -> None:
        self._records: dict[int, Record] = {}
        self._sorted: list[Record] | None = []

    @property
    def records(self) -> Sequence[Record]:
        """Every slot by its number."""
        if self._sorted is None:
            self._sorted = [self._records[slot] for slot in sorted(self._records)]
        return self._sorted

    def update(self, trials: Iterable[FrozenTrial]) -> None:
        """Take in the trials of a study; finished ones are looked at once."""
        for trial in trials:
            slot = slot_of(trial)
            known = self._records.get(slot)
            if known is not None:
                closed = known.state != "open"
                if known.number > trial.number or (closed and known.number == trial.number):
                    continue
            self._records[slot] = _record(slot, trial)
            self._sorted = None


def slot_of(trial: FrozenTrial) -> int:
    """Return the slot that a trial takes."""
    slot: int = trial.user_attrs.get(SLOT, trial.number)
    return slot


def place_of(trial: FrozenTrial, trials: Iterable[FrozenTrial]) -> int:
    """Return the place of a trial's slot among the slots: its number, had none been tried again."""
    slot = slot_of(trial)
    return slot - sum(SLOT in other.user_attrs and other.number < slot for other in trials)


def _record(slot: int, trial: FrozenTrial) -> Record:
    values = trial.values or []
    value = values[0] if values else None
    if trial.state is TrialState.PRUNED:
        value = trial.user_attrs.get(ESTIMATE, value)
    outcome = trial.user_attrs.get(OUTCOME)
    return Record(
        slot=slot,
        number=trial.number,
        state=_state(trial),
        choices=trial.params,
        value=value,
        cost=values[1] if len(values) > 1 else None,
        duplicate=outcome == "duplicate",
        notes=trial.system_attrs.get(NOTES, {}),
    )


def _state(trial: FrozenTrial) -> State:
    outcome = trial.user_attrs.get(OUTCOME)
    if not trial.state.is_finished() or (
        trial.state is TrialState.FAIL and trial.user_attrs.get(ABANDONED)
    ):
        return "open"
    if outcome in ("infeasible", "surplus"):
        return "infeasible" if outcome == "infeasible" else "surplus"
    states: dict[TrialState, State] = {
        TrialState.COMPLETE: "done",
        TrialState.PRUNED: "pruned",
        TrialState.FAIL: "failed",
    }
    return states[trial.state]
