"""What a `strategy` plugin has to do."""

from collections.abc import Sequence
from typing import Any

import optuna
from optuna.study import Study, StudyDirection
from optuna.trial import Trial, TrialState, create_trial

from nasdip_core.architecture.specification import Architecture
from nasdip_core.space import Choice, Choices, Decision, InfeasibleError, SearchSpace
from nasdip_core.strategy import Strategy
from nasdip_core.study.records import ABANDONED, ESTIMATE, OUTCOME, SLOT, History
from nasdip_core.study.sampler import distributions

BEST = {"merge": "concat", "skip": 16, "activation": "silu", "levels": 3, "width": 32, "kernel": 5}
"""The one best point of the toy space."""


class ToySpace(SearchSpace):
    """297 small U-Nets: only `concat` has a width of skips, and width 64 takes no kernel 5."""

    decisions = (
        Decision("merge", ("add", "concat")),
        Decision("skip", (4, 16)),
        Decision("activation", ("relu", "leaky-relu", "silu")),
        Decision("levels", (2, 3, 4)),
        Decision("width", (8, 16, 32, 64)),
        Decision("kernel", (1, 3, 5)),
    )
    size = 3 * 3 * 3 * 11

    def decode(self, choices: Choices) -> Architecture:
        """Return the network of the choices."""
        return Architecture.model_validate(
            {
                "levels": choices["levels"],
                "encoder": {"widths": choices["width"], "kernel": choices["kernel"]},
                "decoder": {"widths": choices["width"]},
                "skip": {"merge": choices["merge"], "widths": choices["skip"]},
                "activation": choices["activation"],
            }
        )

    def encode(self, architecture: Architecture) -> dict[str, Choice]:
        """Return the choices of a network."""
        assert architecture.encoder is not None
        return self.canonical(
            {
                "merge": architecture.skip.merge,
                "skip": architecture.skip.widths[0],
                "activation": architecture.activation,
                "levels": architecture.levels,
                "width": architecture.encoder.widths[0],
                "kernel": architecture.encoder.kernel,
            }
        )

    def allowed(self, decision: Decision, made: Choices) -> Sequence[Choice]:
        """Return the choices that are open."""
        if decision.name == "skip" and made["merge"] == "add":
            return decision.choices[:1]
        if decision.name == "kernel" and made["width"] == 64:
            return decision.choices[:2]
        return decision.choices


def quality(choices: Choices) -> float:
    """Return how good canonical choices are, in dB; `BEST` is the only best."""
    agreed = sum(choices[name] == best for name, best in BEST.items())
    # Kernel and levels go together: neither is better without the other.
    together = (choices["kernel"] == 5) == (choices["levels"] == 3)
    return 25.0 + agreed + together


class ToySearch:
    """The loop of a search over the toy space, in which some trials fail or are pruned."""

    def __init__(self, strategy: Strategy, seed: int = 0, study: Study | None = None) -> None:
        """`study` is one to go on with, as another process would."""
        self.space = ToySpace()
        self.by_cost = strategy.by_cost
        sampler = strategy.sampler(self.space, seed)
        if study is None:
            directions = [StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE][: 1 + self.by_cost]
            self.study = optuna.create_study(sampler=sampler, directions=directions)
        else:
            self.study = optuna.load_study(
                study_name=study.study_name, storage=study._storage, sampler=sampler
            )

    def run(self, trials: int) -> list[dict[str, Any]]:
        """Ask and tell one trial after the other; return what was proposed."""
        proposed = []
        for _ in range(trials):
            trial = self.ask()
            proposed.append(trial.params)
            self.tell(trial)
        return proposed

    def ask(self) -> Trial:
        """Return the next trial, all decisions made."""
        return self.study.ask(dict(distributions(self.space)))

    def tell(self, trial: Trial) -> None:
        """Tell a trial what it is worth: every fifth fails, every seventh is pruned."""
        history = History()
        history.update(self.study.get_trials(deepcopy=False))
        done = [record for record in history.records if record.state == "done"]
        try:
            choices = self.space.canonical(trial.params)
        except InfeasibleError:
            trial.set_constraint("valid", 1.0)
            trial.set_user_attr(OUTCOME, "infeasible")
            worst = min((record.value or 0.0 for record in done), default=0.0)
            self._tell(trial, worst, 1000.0)
            return
        trial.set_constraint("valid", 0.0)
        value, cost = quality(choices), float(choices["levels"]) * float(choices["width"])
        if any(self.space.canonical(record.choices) == choices for record in done):
            trial.set_user_attr(OUTCOME, "duplicate")
            self._tell(trial, value, cost)
        elif trial.number % 5 == 3:
            self.study.tell(trial, state=TrialState.FAIL)
        elif trial.number % 7 == 4 and not self.by_cost:
            trial.report(value - 1, 0)
            trial.set_user_attr(ESTIMATE, value - 0.5)
            self.study.tell(trial, state=TrialState.PRUNED)
        else:
            self._tell(trial, value, cost)

    def _tell(self, trial: Trial, value: float, cost: float) -> None:
        self.study.tell(trial, [value, cost] if self.by_cost else [value])

    def retry(self, trial: Trial) -> None:
        """Give a trial up, as if its worker had died, and queue it again in its slot."""
        trial.set_user_attr(ABANDONED, True)
        self.study.tell(trial, state=TrialState.FAIL)
        waiting = create_trial(state=TrialState.WAITING, user_attrs={SLOT: trial.number})
        self.study.add_trial(waiting)


class StrategyConformance:
    """Inherit, and return your strategy from the fixture `strategy`."""

    def test_makes_every_decision(self, strategy: Strategy) -> None:
        """It proposes choices of the space, and not only such as are ruled out."""
        search = ToySearch(strategy)
        _assert_in_space(search.run(24))
        assert any(trial.constraints == {"valid": 0.0} for trial in search.study.trials)

    def test_the_seed_and_the_history_decide(self, strategy: Strategy) -> None:
        """Two searches with one seed are one search."""
        assert ToySearch(strategy, seed=1).run(24) == ToySearch(strategy, seed=1).run(24)

    def test_another_seed_proposes_others(self, strategy: Strategy) -> None:
        """Sooner or later."""
        assert ToySearch(strategy, seed=1).run(24) != ToySearch(strategy, seed=2).run(24)

    def test_resumes_as_if_never_stopped(self, strategy: Strategy) -> None:
        """A fresh sampler reads all that it has to know in the study."""
        expected = ToySearch(strategy).run(24)
        search = ToySearch(strategy)
        proposed = search.run(5)
        for trials in (1, 6, 12):
            search = ToySearch(strategy, study=search.study)
            proposed += search.run(trials)
        assert proposed == expected

    def test_starts_from_known_architectures(self, strategy: Strategy) -> None:
        """What was queued comes first and is learned from."""
        search = ToySearch(strategy)
        for levels in (2, 3):
            search.study.enqueue_trial({**BEST, "levels": levels})
        proposed = search.run(20)
        assert [choices["levels"] for choices in proposed[:2]] == [2, 3]
        _assert_in_space(proposed)

    def test_two_workers_ask_before_either_tells(self, strategy: Strategy) -> None:
        """Trials under way are no obstacle, nor is it one which of them ends first."""
        first = ToySearch(strategy)
        second = ToySearch(strategy, study=first.study)
        for _ in range(10):
            trials = [first.ask(), second.ask()]
            _assert_in_space([trial.params for trial in trials])
            second.tell(trials[1])
            first.tell(trials[0])

    def test_takes_a_trial_up_again(self, strategy: Strategy) -> None:
        """A trial whose worker died is proposed once more, in its old slot, as it was."""
        search = ToySearch(strategy)
        for _ in range(6):
            search.run(2)
            lost = search.ask()
            search.retry(lost)
            again = search.ask()
            assert again.user_attrs[SLOT] == lost.number
            assert again.params == lost.params
            search.tell(again)


def _assert_in_space(proposed: Sequence[Choices]) -> None:
    for choices in proposed:
        assert choices.keys() == {decision.name for decision in ToySpace.decisions}
        for decision in ToySpace.decisions:
            assert choices[decision.name] in decision.choices
