"""The controller's weights are a function of the study's history."""

import hashlib
import math
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import optuna
import pytest
import torch
from optuna.trial import FrozenTrial, TrialState, create_trial

from nasdip_core.controller.policy import Policy
from nasdip_core.controller.reinforce import LOG_PROBABILITY, VERSION, Reinforce
from nasdip_core.seeds import generator
from nasdip_core.space import Choices
from nasdip_core.study.records import ABANDONED, ESTIMATE, NOTES, OUTCOME, SLOT, History
from nasdip_core.study.sampler import distributions
from nasdip_core.testing.strategy import BEST, ToySpace, quality

SPACE = ToySpace()
RUNNING, DONE, PRUNED, FAILED = (
    TrialState.RUNNING,
    TrialState.COMPLETE,
    TrialState.PRUNED,
    TrialState.FAIL,
)


def learner(batch: int = 2, seed: int = 0, **options: Any) -> Reinforce:
    chosen = {"rate": 0.05, "memory": 0.9, "entropy": 0.02, "ratio": 2.0} | options
    return Reinforce(Policy(SPACE, seed, hidden=8), batch=batch, **chosen)


def weights(controller: Reinforce) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in controller.policy.parameters()])


def proposals(number: int) -> list[tuple[Choices, dict[str, Any]]]:
    """Choices and notes of a fresh controller."""
    controller, draws = learner(), generator(0, "test")
    return [controller.propose(draws) for _ in range(number)]


def trial(
    number: int,
    state: TrialState,
    choices: Choices,
    notes: dict[str, Any] | None = None,
    value: float | None = None,
    **attributes: Any,
) -> FrozenTrial:
    made = create_trial(
        state=state,
        value=value,
        params=dict(choices),
        distributions=dict(distributions(SPACE)) if choices else {},
        user_attrs=attributes,
        system_attrs={} if notes is None else {NOTES: notes},
    )
    made.number = number
    return made


def finished(number: int, state: TrialState = DONE, **attributes: Any) -> FrozenTrial:
    """A trial of the fresh controller that has ended well."""
    choices, notes = proposals(number + 1)[number]
    value = None if state is FAILED else quality(choices)
    return trial(number, state, choices, notes, value, **attributes)


def learned(trials: Sequence[FrozenTrial], **options: Any) -> Reinforce:
    history, controller = History(), learner(**options)
    history.update(trials)
    controller.learn(history)
    return controller


def test_an_update_waits_for_all_earlier_trials() -> None:
    history, controller = History(), learner(batch=2)
    versions = []
    steps: list[Iterable[FrozenTrial]] = [
        [trial(n, RUNNING, proposals(5)[n][0]) for n in range(5)],
        [finished(2), finished(3)],
        [finished(0)],
        [finished(1)],
        [finished(4)],
    ]
    for changed in steps:
        history.update(changed)
        controller.learn(history)
        versions.append(controller.version)
    assert versions == [0, 0, 0, 2, 2]
    assert controller.propose(generator(0, "test"))[1][VERSION] == 2


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (3, 0, 5, 1, 2, 4)])
def test_it_does_not_matter_in_which_order_trials_end(order: tuple[int, ...]) -> None:
    ended = [finished(0), finished(1, PRUNED, **{ESTIMATE: 26.0}), finished(2, FAILED)]
    ended += [finished(3), finished(4, **{OUTCOME: "duplicate"}), finished(5)]
    history, controller = History(), learner(batch=2)
    history.update(trial(n, RUNNING, {}) for n in range(6))
    for n in order:
        history.update([ended[n]])
        controller.learn(history)
    assert controller.version == 2
    assert torch.equal(weights(controller), weights(learned(ended, batch=2)))


def test_a_trial_that_is_tried_again_keeps_its_place() -> None:
    ended = [finished(n) for n in range(4)]
    given_up = finished(1, FAILED, **{ABANDONED: True})
    history, controller = History(), learner(batch=2)
    history.update([ended[0], given_up, ended[2], ended[3]])
    controller.learn(history)
    assert controller.version == 0
    again = finished(1, **{SLOT: 1})
    again.number = 4
    history.update([again])
    controller.learn(history)
    assert controller.version == 2
    assert torch.equal(weights(controller), weights(learned(ended, batch=2)))


def test_another_process_has_the_same_weights(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    study = optuna.create_study(storage=storage, study_name="test", direction="maximize")
    history, controller = History(), learner(batch=4)
    for number in range(12):
        history.update(study.get_trials(deepcopy=False))
        controller.learn(history)
        choices, notes = controller.propose(generator(0, "test", number))
        made = trial(number, DONE, choices, dict(notes), quality(choices))
        study.add_trial(made)
    history.update(study.get_trials(deepcopy=False))
    controller.learn(history)
    assert controller.version == 3
    code = f"""
import hashlib, optuna, torch
from nasdip_core.controller.policy import Policy
from nasdip_core.controller.reinforce import Reinforce
from nasdip_core.study.records import History
from nasdip_core.testing.strategy import ToySpace
torch.set_num_threads(2)
study = optuna.load_study(study_name="test", storage={storage!r})
history = History()
history.update(study.get_trials())
policy = Policy(ToySpace(), 0, hidden=8)
Reinforce(policy, batch=4, rate=0.05, memory=0.9, entropy=0.02, ratio=2.0).learn(history)
weights = torch.cat([p.detach().flatten() for p in policy.parameters()])
print(hashlib.sha256(weights.numpy().tobytes()).hexdigest())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    ours = hashlib.sha256(weights(controller).numpy().tobytes()).hexdigest()
    assert done.stdout.strip() == ours


def test_what_has_no_value_is_left_out_and_takes_no_place_in_a_batch() -> None:
    first, second = finished(0), finished(3)
    for attributes in ({}, {OUTCOME: "surplus"}):
        failed = finished(1, FAILED, **attributes)
        ruled_out = finished(2, **{OUTCOME: "infeasible"})
        found = weights(learned([first, failed, ruled_out, second], batch=2))
        ruled_out.value = -1000.0
        again = weights(learned([first, failed, ruled_out, second], batch=2))
        assert torch.equal(found, again)
        assert torch.equal(found, weights(learned([first, second], batch=2)))


def test_trials_without_a_value_are_no_update() -> None:
    controller = learned([finished(n, FAILED) for n in range(2)], batch=2)
    assert controller.version == 0
    assert torch.equal(weights(controller), weights(learner()))


def test_pruned_trials_count_with_their_estimate_and_duplicates_as_any() -> None:
    others = [finished(0), finished(2)]
    value = quality(proposals(2)[1][0])
    expected = weights(learned([others[0], finished(1), others[1]], batch=3))
    for same in (
        finished(1, PRUNED, **{ESTIMATE: value}),
        finished(1, **{OUTCOME: "duplicate"}),
    ):
        if same.state is PRUNED:
            same.value = value - 3
        found = weights(learned([others[0], same, others[1]], batch=3))
        assert torch.equal(found, expected)


def test_choices_need_not_be_canonical() -> None:
    choices = {**BEST, "merge": "add", "skip": 4}
    notes = {VERSION: 0, LOG_PROBABILITY: -4.0}
    one, other = (
        learned([finished(0), trial(1, DONE, {**choices, "skip": skip}, notes, 27.0)])
        for skip in (4, 16)
    )
    assert torch.equal(weights(one), weights(other))
    impossible = trial(1, DONE, {**BEST, "width": 64}, notes, 27.0)
    alone = learned([finished(0), impossible], batch=1)
    assert alone.version == 1
    assert torch.equal(weights(alone), weights(learned([finished(0)], batch=1)))


def pair(logs: Sequence[float | None]) -> list[FrozenTrial]:
    """The first two proposals, with these log-probabilities noted."""
    made = proposals(2)
    values = [27.0, 29.0]
    return [
        trial(n, DONE, made[n][0], None if log is None else {LOG_PROBABILITY: log}, values[n])
        for n, log in enumerate(logs)
    ]


def test_a_trial_of_an_older_policy_weighs_its_ratio() -> None:
    now = [notes[LOG_PROBABILITY] for _, notes in proposals(2)]
    even = weights(learned(pair(now)))
    # Known architectures, which no policy has proposed, weigh as if this one had.
    assert torch.allclose(weights(learned(pair([None, None]))), even, rtol=0, atol=1e-9)
    capped = weights(learned(pair([now[0] - 1000, now[1]])))
    double = weights(learned(pair([now[0] - math.log(2), now[1]])))
    assert torch.allclose(capped, double, rtol=0, atol=1e-9)
    assert not torch.allclose(capped, even, rtol=0, atol=1e-3)
    never = learned(pair([now[0] + 1000, now[1] + 1000]), entropy=0.0)
    assert torch.equal(weights(never), weights(learner()))


def test_the_scale_of_the_values_does_not_matter() -> None:
    trials = [finished(n) for n in range(6)]
    expected = weights(learned(trials))
    for ended in trials:
        ended.value = 1e4 * (ended.value or 0) - 1e6
    assert torch.allclose(weights(learned(trials)), expected, rtol=0, atol=1e-6)


def test_equal_values_teach_nothing() -> None:
    trials = [finished(n) for n in range(6)]
    for ended in trials:
        ended.value = 28.1
    controller = learned(trials, entropy=0.0)
    assert controller.version == 3
    assert torch.equal(weights(controller), weights(learner()))


def test_what_was_better_becomes_likelier() -> None:
    bad, good = (choices for choices, _ in proposals(2))
    before, after = learner(), learned(pair([None, None]))
    for choices, better in ((good, True), (bad, False)):
        logs = [c.policy([c.policy.trace(choices)])[0].item() for c in (before, after)]
        assert (logs[1] > logs[0]) == better


def test_the_bonus_keeps_the_entropy_up() -> None:
    def entropy(bonus: float) -> float:
        history, controller, draws = History(), learner(batch=4, entropy=bonus), generator(0, "x")
        for number in range(100):
            controller.learn(history)
            choices, notes = controller.propose(draws)
            history.update([trial(number, DONE, choices, dict(notes), quality(choices))])
        policy = controller.policy
        samples = [policy.trace(policy.sample(draws)[0]) for _ in range(50)]
        return policy(samples)[1].mean().item()

    assert entropy(0.0) + 0.5 < entropy(0.5)


def test_a_resumed_controller_takes_the_next_step_alike() -> None:
    """Not the weights alone are a function of the history: optimiser and baseline are, too."""
    history, one = History(), learner(batch=2)
    for n in range(8):
        history.update([finished(n)])
        one.learn(history)
    other = learner(batch=2)
    other.learn(history)
    history.update([finished(8), finished(9)])
    one.learn(history)
    other.learn(history)
    assert torch.equal(weights(one), weights(other))
