"""The last comparison: the best candidates fitted again with fresh seeds, which choose `#best`.

It is a study of its own beside the search's, so that it is shared by workers, resumed and retried
like any other: its n-th trial is the n-th pair of candidate and seed.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from nasdip_core.blame import SURROUNDINGS
from nasdip_core.errors import RunError
from nasdip_core.problem import Estimate
from nasdip_core.searching.candidate import Candidate, Evaluator
from nasdip_core.searching.definition import Search
from nasdip_core.searching.kept import STANDARD, KeptFits, final_label, trial_label
from nasdip_core.searching.progress import Progress, progress_of
from nasdip_core.study.best import Place, finalists, note_places
from nasdip_core.study.lease import note
from nasdip_core.study.records import NOT_KEPT, REASON, History, Record
from nasdip_core.study.study import FINALS, id_of
from nasdip_core.study.units import Units, units_study

SEEDS = 3
"""Fresh seeds that each candidate is fitted with."""


class Finals:
    """One worker's share of the last comparison."""

    def __init__(
        self,
        search: Search,
        study: Study,
        evaluator: Evaluator,
        kept: KeptFits,
        stopped: Callable[[], bool],
    ) -> None:
        self._search = search
        self._main = study
        self._evaluator = evaluator
        self._kept = kept
        self._stopped = stopped
        history = History()
        history.update(study.get_trials(deepcopy=False))
        self._finalists = finalists(history.records)
        self._earlier = {} if search.reward.compares else _values(study)
        self._candidates: dict[int, Candidate] = {}
        # Seed by seed: an interrupted comparison has every candidate about equally often.
        self._pairs = [(f, fresh) for fresh in range(SEEDS) for f in self._finalists]

    def run(self) -> None:
        """Fit what is left to fit, then note the order of the candidates with the study."""
        if not self._finalists:
            return
        study = units_study(self._main._storage, _name(self._main, self._finalists))
        records = Units(study, len(self._pairs), self._stopped, SURROUNDINGS).run(self._one)
        self._conclude(records)

    def _one(self, trial: Trial, place: int) -> float:
        record, fresh = self._pairs[place]
        # For those who look at the study with other tools.
        trial.suggest_int("candidate", record.slot, record.slot)
        trial.suggest_int("seed", fresh, fresh)
        known = self._earlier.get((record.slot, fresh))
        return self._value(trial, record, fresh) if known is None else known

    def _value(self, trial: Trial, record: Record, fresh: int) -> float:
        search, candidate = self._search, self._candidate(record)
        pictures = search.validation or search.searched
        score = self._evaluator.score(
            candidate, pictures, fresh=fresh, others=lambda picture: self._others(record, picture)
        )
        if not math.isfinite(score.mean):
            raise RunError(f"the reward is {score.mean}")
        try:
            for picture, found in score.fits.items():
                # Of several pictures only what the page shows.
                if search.single or (fresh == 0 and picture == pictures[0]):
                    self._kept.save(final_label(record.slot, fresh), picture, found)
        except RunError as error:
            note(trial, NOT_KEPT, str(error))
        return score.mean

    def _candidate(self, record: Record) -> Candidate:
        """Return what a finalist is; it is built and counted once for all seeds."""
        if record.slot not in self._candidates:
            choices = self._search.space.canonical(record.choices)
            self._candidates[record.slot] = self._evaluator.candidate(choices)
        return self._candidates[record.slot]

    def _others(self, record: Record, picture: int) -> Sequence[Estimate]:
        """Return what the search made of a picture with the other candidates."""
        if not self._search.reward.compares:
            return []
        device = self._evaluator.device
        fits = [
            self._kept.load(trial_label(other.slot), picture, device)
            for other in self._finalists
            if other.slot != record.slot
        ]
        found = [fit.chosen for fit in fits if fit is not None]
        if not found:
            # A picture that the search has not seen, or a single candidate.
            make = partial(self._evaluator.standard, picture)
            found = [self._kept.once(STANDARD, picture, device, make).chosen]
        return found

    def _conclude(self, records: Sequence[Record]) -> None:
        """Note the candidates, the best mean first; equals stay as the search had them.

        A candidate some of whose fits failed comes after those that are safe.
        """
        places = []
        for finalist in self._finalists:
            values = [
                record.value
                for record, (candidate, _) in zip(records, self._pairs, strict=True)
                if candidate.slot == finalist.slot and record.value is not None
            ]
            places.append(Place(finalist.slot, tuple(values)))
        note_places(self._main, sorted(places, key=lambda p: (-len(p.values), -p.mean)))


def comparison_of(study: Study, workers: int) -> Progress | None:
    """Return how far the last comparison of a study is; None: it has not begun."""
    trials, wanted = _compared(study)
    return None if trials is None else progress_of(trials, wanted, workers)


def failed_comparisons(study: Study) -> list[str]:
    """Return a sentence about fits of the last comparison that have failed; none did: nothing."""
    trials, wanted = _compared(study)
    reasons = [t.user_attrs[REASON] for t in trials or [] if REASON in t.user_attrs]
    if not reasons:
        return []
    return [f"{len(reasons)} of {wanted} fits of the last comparison failed: {reasons[-1]}"]


def _compared(study: Study) -> tuple[Sequence[FrozenTrial] | None, int]:
    """Return the trials of the last comparison, None before it, and how many it is to have."""
    history = History()
    history.update(study.get_trials(deepcopy=False))
    found = finalists(history.records)
    try:
        finals = optuna.load_study(study_name=_name(study, found), storage=study._storage)
    except KeyError:
        return None, 0
    return finals.get_trials(deepcopy=False), len(found) * SEEDS


def _values(study: Study) -> dict[tuple[int, int], float]:
    """Return what comparisons have found, also before the search was extended: by slot and seed."""
    begin = _begin(study)
    found: dict[tuple[int, int], float] = {}
    for name in optuna.get_all_study_names(study._storage):
        if name.startswith(begin):
            finals = optuna.load_study(study_name=name, storage=study._storage)
            for trial in finals.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
                found[trial.params["candidate"], trial.params["seed"]] = trial.values[0]
    return found


def _name(study: Study, compared: Sequence[Record]) -> str:
    return f"{_begin(study)}{'-'.join(map(str, sorted(r.slot for r in compared)))}"


def _begin(study: Study) -> str:
    """Return what the names of a study's comparisons begin with: not those of another before it."""
    return f"{study.study_name}{FINALS}{id_of(study)} "
