"""The policy is a distribution over the space, and knows its own probabilities."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

import pytest
import torch

from nasdip_core.controller.policy import Policy, one_thread
from nasdip_core.seeds import generator
from nasdip_core.space import Choice, Choices, Decision, InfeasibleError
from nasdip_core.testing.strategy import BEST, ToySpace


@pytest.fixture
def policy() -> Policy:
    """A policy that prefers some choices by far."""
    policy = Policy(ToySpace(), seed=0, hidden=8)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.mul_(15)
    return policy


def points() -> Iterator[dict[str, Choice]]:
    """All architectures of the toy space."""
    space, seen = ToySpace(), set()
    for made in product(*(decision.choices for decision in space.decisions)):
        choices = dict(zip(BEST, made, strict=True))
        try:
            canonical = space.canonical(choices)
        except InfeasibleError:
            continue
        if tuple(canonical.values()) not in seen:
            seen.add(tuple(canonical.values()))
            yield canonical


def test_the_toy_space_is_as_large_as_it_says() -> None:
    space = ToySpace()
    assert len(list(points())) == space.size
    assert all(space.encode(space.decode(point)) == point for point in points())


def test_probabilities_sum_to_one(policy: Policy) -> None:
    logs, _ = policy([policy.trace(point) for point in points()])
    assert logs.exp().sum().item() == pytest.approx(1, abs=1e-12)
    assert logs.exp().max() > 0.03  # far from even


def test_the_mean_entropy_along_the_paths_is_that_of_the_distribution(policy: Policy) -> None:
    """The chain rule of entropy, without an impossible or a forced choice in it."""
    logs, entropies = policy([policy.trace(point) for point in points()])
    total = -(logs.exp() * logs).sum()
    assert (logs.exp() * entropies).sum().item() == pytest.approx(total.item(), abs=1e-12)


def test_a_sample_knows_its_probability(policy: Policy) -> None:
    draws = generator(0, "test")
    samples = [policy.sample(draws) for _ in range(50)]
    logs, _ = policy([policy.trace(choices) for choices, _ in samples])
    assert logs.tolist() == pytest.approx([log for _, log in samples], abs=1e-12)


def test_samples_come_as_often_as_their_probability_says(policy: Policy) -> None:
    draws = generator(0, "test")
    number = 1000
    found = Counter(tuple(policy.sample(draws)[0].values()) for _ in range(number))
    likely, log = max(
        ((point, policy([policy.trace(point)])[0].item()) for point in points()),
        key=lambda pair: pair[1],
    )
    p = torch.tensor(log).exp().item()
    deviation = (number * p * (1 - p)) ** 0.5
    assert abs(found[tuple(likely.values())] - number * p) < 4 * deviation
    space = ToySpace()
    for values in found:
        choices = dict(zip(BEST, values, strict=True))
        assert space.canonical(choices) == choices


def test_a_fresh_policy_is_nearly_even() -> None:
    policy = Policy(ToySpace(), seed=0, hidden=32)
    _, entropy = policy([policy.trace(BEST)])
    even = torch.tensor([2.0, 2, 3, 3, 4, 3]).log().sum().item()
    assert even - 0.05 < entropy.item() <= even


def test_choices_that_do_not_matter_are_no_choices(policy: Policy) -> None:
    made = {**BEST, "merge": "add"}
    one, other = policy.trace({**made, "skip": 4}), policy.trace({**made, "skip": 16})
    assert torch.equal(one.picked, other.picked)
    assert one.opened.sum(1).tolist() == [2, 1, 3, 3, 4, 3]
    with pytest.raises(InfeasibleError):
        policy.trace({**BEST, "width": 64})


class Forced(ToySpace):
    """A space of one architecture."""

    def allowed(self, decision: Decision, made: Choices) -> Sequence[Choice]:
        return decision.choices[:1]


def test_forced_decisions_have_no_probability_and_no_entropy() -> None:
    policy = Policy(Forced(), seed=0, hidden=4)
    choices, log = policy.sample(generator(0, "test"))
    logs, entropy = policy([policy.trace(choices)])
    assert log == logs.item() == entropy.item() == 0.0
    torch.autograd.backward((logs + entropy).sum())
    assert all(p.grad is not None and p.grad.isfinite().all() for p in policy.parameters())


def test_the_seed_decides_the_weights_and_nothing_else_is_drawn() -> None:
    state = torch.get_rng_state()
    weights = [
        torch.cat([p.flatten() for p in Policy(ToySpace(), seed, 8).parameters()])
        for seed in (1, 1, 2)
    ]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert weights[0].dtype is torch.float64


def test_one_thread_gives_the_others_back() -> None:
    def fail() -> None:
        assert torch.get_num_threads() == 1
        raise ZeroDivisionError

    torch.set_num_threads(2)
    try:
        with pytest.raises(ZeroDivisionError):
            one_thread()(fail)()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_a_high_temperature_strays_from_what_is_likely(policy: Policy) -> None:
    draws = generator(0, "test")
    means = []
    for temperature in (0.1, 1.0, 100.0):
        samples = [policy.sample(draws, temperature) for _ in range(100)]
        logs, _ = policy([policy.trace(choices) for choices, _ in samples])
        as_drawn = pytest.approx([log for _, log in samples], abs=1e-12)
        assert (logs.tolist() == as_drawn) == (temperature == 1)
        means.append(logs.mean().item())
    assert means[0] > means[1] + 0.5
    assert means[1] > means[2] + 0.5


def test_the_probability_is_that_of_the_draw(policy: Policy) -> None:
    """Drawn at a high temperature all walks are about equally likely."""
    draws = generator(0, "test")
    opened = [policy.sample(draws, 1e9) for _ in range(20)]
    for choices, log in opened:
        made: dict[str, Choice] = {}
        even = 0.0
        for decision in policy.space.decisions:
            even -= math.log(len(policy.space.allowed(decision, made)))
            made[decision.name] = choices[decision.name]
        assert log == pytest.approx(even, abs=1e-6)
