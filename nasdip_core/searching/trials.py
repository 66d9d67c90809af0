"""The ask-evaluate-tell loop over the trials of a study; every worker runs the same."""

import gc
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import fmean

from optuna.exceptions import UpdateFinishedTrialError
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from nasdip_core.blame import SURROUNDINGS, attributed, said
from nasdip_core.errors import NasdipError, RunError, RunInterruptedError
from nasdip_core.problem import Estimate
from nasdip_core.searching.candidate import Candidate, Evaluator, Score
from nasdip_core.searching.definition import Search
from nasdip_core.searching.index import ArchitectureIndex
from nasdip_core.searching.kept import STANDARD, KeptFits, trial_label
from nasdip_core.space import InfeasibleError
from nasdip_core.study.lease import Reaper, decide, give_up, leased, note, tell
from nasdip_core.study.records import ESTIMATE, NOT_KEPT, OUTCOME, REASON, History, Record, slot_of
from nasdip_core.study.sampler import distributions
from nasdip_core.study.storage import of_storage

BARREN = 300
"""Proposals in a row that are known or not allowed, after which a search ends."""
_POLL_SECONDS = 0.5
_KEPT_BEST = 8
_KEPT_LATEST = 16
"""Fits of one picture that are kept: the best, and the latest where candidates are compared."""


class Trials:
    """One worker's share of the trials of a study."""

    def __init__(
        self,
        search: Search,
        study: Study,
        evaluator: Evaluator,
        kept: KeptFits,
        trials: int,
        stopped: Callable[[], bool],
        listener: Callable[[FrozenTrial], None],
    ) -> None:
        """`trials`: how many the study is to have in all; `stopped`: whether the user wants out;
        `listener` is told of each trial that has ended.
        """
        self._search = search
        self._study = study
        self._evaluator = evaluator
        self._kept = kept
        self._trials = trials
        self._stopped = stopped
        self._listener = listener
        self._reaper = Reaper(study)
        self._history = History()
        self._architectures = ArchitectureIndex(search.space)

    def run(self) -> None:
        """Ask, evaluate and tell until the study has its trials.

        Raises RunInterruptedError where the user stops it; the trial at hand is queued again.
        """
        while not self._done():
            if self._stopped():
                raise RunInterruptedError("interrupted")
            if self._may_ask():
                self._one()
            else:
                # Others work on the last trials: one of them may yet have to be done again.
                time.sleep(_POLL_SECONDS)

    def _done(self) -> bool:
        self._reaper.reap()
        trials = self._study.get_trials(deepcopy=False)
        self._history.update(trials)
        records = self._history.records
        done = sum(r.counts for r in records)
        if any(r.state == "open" for r in records):
            return False
        return done >= self._trials or bool(ended_early(records, self._search.space.size))

    def _may_ask(self) -> bool:
        waiting = self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        taken = sum(r.counts or r.state == "open" for r in self._history.records)
        return bool(waiting) or (
            taken < self._trials and not ended_early(self._history.records, self._search.space.size)
        )

    def _one(self) -> None:
        # A trial that is retried draws what it drew before: nothing here depends on the clock.
        trial = self._study.ask()
        with leased(self._study, trial._trial_id):
            try:
                decide(self._study, trial, distributions(self._search.space))
            except UpdateFinishedTrialError:
                return  # given up by another worker, which took this one for dead
            except Exception:  # of the strategy, or of the storage: the trial is not to blame
                self._hand_back(trial)
                raise
            try:
                self._settle(trial)
            except (RunInterruptedError, *SURROUNDINGS):
                give_up(self._study, self._frozen(trial), died=False)
                raise
            except MemoryError:
                self._fail(trial, "out of memory")
            except UpdateFinishedTrialError:
                return  # given up by another worker, which took this one for dead
            except Exception as error:  # a plugin may fail in any way, and the search goes on
                if of_storage(error):
                    self._hand_back(trial)
                    raise
                self._fail(trial, said(attributed(error)))
        self._listener(self._frozen(trial))

    def _hand_back(self, trial: Trial) -> None:
        """Queue a trial again; where the storage cannot, another worker finds it later."""
        try:
            give_up(self._study, self._frozen(trial), died=False)
        except Exception as error:
            if not of_storage(error):
                raise

    def _settle(self, trial: Trial) -> None:
        """Tell a trial what it is worth, or why it is not trained."""
        frozen = self._frozen(trial)
        slot = slot_of(frozen)
        self._history.update(self._study.get_trials(deepcopy=False))
        before = [r for r in self._history.records if r.slot < slot]
        if sum(r.counts or r.state == "open" for r in before) >= self._trials:
            note(trial, OUTCOME, "surplus")
            tell(self._study, trial, None, TrialState.FAIL)
            return
        try:
            choices = self._search.space.canonical(trial.params)
            known = self._architectures.earlier(before, choices)
            if known is not None:
                self._duplicate(trial, known)
                return
            candidate = self._evaluator.candidate(choices)
            excess = self._evaluator.excess(candidate)
            if excess:
                raise InfeasibleError(excess)
        except InfeasibleError as error:
            self._infeasible(trial, str(error), before)
            return
        self._train(trial, slot, candidate)
        # Problems and their players refer to each other, and hold pictures.
        gc.collect()

    def _train(self, trial: Trial, slot: int, candidate: Candidate) -> None:
        trial.set_constraint("valid", 0.0)
        for name in ("macs", "parameters", "activation_bytes"):
            note(trial, name, getattr(candidate.cost, name))

        def report(step: int, value: float) -> bool:
            if not math.isfinite(value):
                raise _NoNumberError(f"the reward is {value} at step {step}")
            if self._search.strategy.by_cost:
                return False
            trial.report(value, step)
            return trial.should_prune()

        score = self._evaluator.score(
            candidate, self._search.searched, report=report, others=self._others
        )
        names = self._search.names
        by_name = {names[picture]: value for picture, value in score.by_picture.items()}
        note(trial, "scores", by_name)
        if not all(math.isfinite(value) for value in by_name.values()):
            raise _NoNumberError(f"the reward is no number: {by_name}")
        if score.pruned:
            note(trial, "partial_mean", score.mean)
            note(trial, ESTIMATE, self._estimate(trial, score))
            tell(self._study, trial, None, TrialState.PRUNED)
            return
        if self._search.single or self._search.reward.compares:
            self._keep(trial, slot, score)
        cost = [float(candidate.cost.macs)] if self._search.strategy.by_cost else []
        tell(self._study, trial, [score.mean, *cost])
        self._forget()

    def _keep(self, trial: Trial, slot: int, score: Score) -> None:
        """Keep the fits; without room for them the candidate is worth no less."""
        try:
            for picture, found in score.fits.items():
                self._kept.save(trial_label(slot), picture, found)
        except RunError as error:
            note(trial, NOT_KEPT, str(error))

    def _estimate(self, trial: Trial, score: Score) -> float:
        """Return what a pruned candidate's reward would be: the best one's, and the difference
        between them as far as both were trained.

        Pictures and numbers of steps differ by far more than candidates.
        """
        best = self._best()
        if best is None:
            return score.mean
        if self._search.request.pruner.uses != "wilcoxon":
            rung, value = max(self._frozen(trial).intermediate_values.items())
            there = best.intermediate_values.get(rung)
            final = best.values[0]
            # A slow starter that is the best is behind at its rungs: no other may gain by that.
            return value if there is None else min(final, final + value - there)
        scores = best.user_attrs.get("scores", {})
        names = self._search.names
        common = [p for p in score.by_picture if names[p] in scores]
        if not common:
            return score.mean
        difference = fmean(score.by_picture[p] - scores[names[p]] for p in common)
        return fmean(scores.values()) + difference

    def _best(self) -> FrozenTrial | None:
        done = [r for r in self._history.records if r.state == "done" and r.value is not None]
        if not done:
            return None
        best = max(done, key=lambda r: r.value or 0.0)
        return self._study.get_trials(deepcopy=False)[best.number]

    def _duplicate(self, trial: Trial, known: Record) -> None:
        """Tell a trial the value of an earlier one of the same architecture."""
        trial.set_constraint("valid", 0.0)
        note(trial, OUTCOME, "duplicate")
        note(trial, "duplicate_of", known.slot)
        if known.state == "done":
            values = [v for v in (known.value, known.cost) if v is not None]
            tell(self._study, trial, values)
        elif known.state == "pruned":
            note(trial, ESTIMATE, known.value)
            tell(self._study, trial, None, TrialState.PRUNED)
        else:
            note(trial, REASON, f"trial {known.slot} is the same")
            tell(self._study, trial, None, TrialState.FAIL)

    def _infeasible(self, trial: Trial, reason: str, before: Sequence[Record]) -> None:
        """Tell samplers that learn from it that this cannot be: the worst known, a constraint.

        While nothing is known it has failed: whatever it were told could be the best of all.
        """
        trial.set_constraint("valid", 1.0)
        note(trial, OUTCOME, "infeasible")
        note(trial, REASON, reason)
        done = [r for r in before if r.state == "done"]
        if not done:
            tell(self._study, trial, None, TrialState.FAIL)
            return
        values = [min(r.value or 0.0 for r in done)]
        if self._search.strategy.by_cost:
            values.append(max(r.cost or 0.0 for r in done))
        tell(self._study, trial, values)

    def _others(self, picture: int) -> Sequence[Estimate]:
        """Return what earlier candidates, or else the default network, made of a picture."""
        if not self._search.reward.compares:
            return []
        device = self._evaluator.device
        done = [r.slot for r in self._history.records if r.state == "done" and not r.duplicate]
        found = [
            fit.chosen
            for slot in done[-_KEPT_LATEST:]
            if (fit := self._kept.load(trial_label(slot), picture, device)) is not None
        ]
        if found:
            return found
        make = partial(self._evaluator.standard, picture)
        return [self._kept.once(STANDARD, picture, device, make).chosen]

    def _forget(self) -> None:
        """Remove fits that are neither among the best nor needed for comparison."""
        self._history.update(self._study.get_trials(deepcopy=False))
        records = [r for r in self._history.records if not r.duplicate]
        done = [r for r in records if r.state == "done"]
        wanted = sorted(done, key=lambda r: r.value or 0.0)[-_KEPT_BEST:]
        if self._search.reward.compares:
            wanted += done[-_KEPT_LATEST:]
        wanted += [r for r in records if r.state == "open"]
        self._kept.keep_only([trial_label(r.slot) for r in wanted], "trial-")

    def _fail(self, trial: Trial, reason: str) -> None:
        note(trial, REASON, " ".join(reason.split()))
        tell(self._study, trial, None, TrialState.FAIL)

    def _frozen(self, trial: Trial) -> FrozenTrial:
        return self._study._storage.get_trial(trial._trial_id)


class _NoNumberError(NasdipError):
    """A reward that is no finite number."""


def ended_early(records: Sequence[Record], size: int) -> str:
    """Return why no further trial is to be asked for though some were wanted; empty: go on."""
    if sum(r.counts for r in records) >= size:
        return f"all {size} architectures of the space are done"
    if len(records) >= BARREN:
        barren = [r.duplicate or r.state == "infeasible" for r in records[-BARREN:]]
        if all(barren):
            return f"the last {BARREN} proposals were known already or not allowed"
    return ""
