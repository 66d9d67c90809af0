"""Every built-in strategy keeps the contract, and the class catches those that do not."""

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from optuna.samplers import BaseSampler

from nasdip_core.options import Options, parse
from nasdip_core.plugins import Plugins
from nasdip_core.space import Choice, Choices, Decision, SearchSpace
from nasdip_core.strategy import Strategy
from nasdip_core.study.records import History
from nasdip_core.study.sampler import SpaceSampler
from nasdip_core.testing import StrategyConformance

# Small populations and few random trials first, so that what is special about each is reached
# (more for `gp`, each of whose own proposals takes half a second).
OPTIONS: dict[str, dict[str, Any]] = {
    "reinforce": {"hidden": 8, "batch": 4, "rate": 0.1},
    "random": {},
    "evolution": {"population": 6, "sample": 3},
    "local-search": {"starts": 3},
    "tpe": {"startup": 5},
    "gp": {"startup": 18},
    "nsga-ii": {"population": 5},
}


@pytest.mark.parametrize("name", OPTIONS)
class TestBuiltIn(StrategyConformance):
    @pytest.fixture
    def strategy(self, plugins: Plugins, name: str) -> Strategy:
        registration = plugins.find("strategy", f"nasdip:{name}")
        options = parse(registration.options() or Options, OPTIONS[name], name)
        made: Strategy = registration.resolve()(**options.model_dump())
        return made


class Sampler(SpaceSampler):
    """Draws evenly what `pick` lets it."""

    def propose(
        self, history: History, draws: torch.Generator
    ) -> tuple[Choices, Mapping[str, Any]]:
        made: dict[str, Choice] = {}
        for decision in self.space.decisions:
            made[decision.name] = self.pick(decision, made, history, draws)
        return made, {}

    def pick(
        self, decision: Decision, made: Choices, history: History, draws: torch.Generator
    ) -> Choice:
        opened = self.space.allowed(decision, made)
        return opened[int(torch.randint(len(opened), (), generator=draws))]


class Counting(Sampler):
    """Knows something that is not in the study."""

    asked = 0

    def pick(self, decision: Decision, *others: Any) -> Choice:
        self.asked += 1
        return decision.choices[self.asked // 5 % 2]


class Unseeded(Sampler):
    """Draws from elsewhere."""

    def pick(self, decision: Decision, *others: Any) -> Choice:
        return random.choice(decision.choices)


class Deaf(Sampler):
    """Does not care for the seed."""

    def pick(self, decision: Decision, made: Choices, history: History, *others: Any) -> Choice:
        return decision.choices[len(history.records) % len(decision.choices)]


class Outside(Sampler):
    """Makes up a choice."""

    def pick(self, decision: Decision, *others: Any) -> Choice:
        return 5 if decision.name == "levels" else super().pick(decision, *others)


class Ruled(Sampler):
    """Proposes only what is ruled out."""

    def pick(self, decision: Decision, *others: Any) -> Choice:
        wrong: dict[str, Choice] = {"width": 64, "kernel": 5}
        return wrong.get(decision.name) or super().pick(decision, *others)


class Trusting(Sampler):
    """Takes every record for a good one."""

    def propose(
        self, history: History, draws: torch.Generator
    ) -> tuple[Choices, Mapping[str, Any]]:
        earlier = history.records[:-1]
        if len(earlier) > 3:
            # A record may have no value: this is the mistake that the contract has to find.
            return max(earlier, key=lambda record: record.value).choices, {}  # type: ignore[arg-type,return-value]
        return super().propose(history, draws)


class Impatient(Sampler):
    """Wants the trial before to have ended."""

    def propose(
        self, history: History, draws: torch.Generator
    ) -> tuple[Choices, Mapping[str, Any]]:
        assert all(record.state != "open" for record in history.records[:-1])
        return super().propose(history, draws)


def making(sampler: type[Sampler]) -> Strategy:
    class Broken(Strategy):
        def sampler(self, space: SearchSpace, seed: int) -> BaseSampler:
            return sampler(space, seed)

    return Broken()


CHECKS = StrategyConformance()


@pytest.mark.parametrize(
    ("sampler", "check"),
    [
        (Counting, CHECKS.test_resumes_as_if_never_stopped),
        (Unseeded, CHECKS.test_the_seed_and_the_history_decide),
        (Deaf, CHECKS.test_another_seed_proposes_others),
        (Outside, CHECKS.test_makes_every_decision),
        (Ruled, CHECKS.test_makes_every_decision),
        (Trusting, CHECKS.test_starts_from_known_architectures),
        (Impatient, CHECKS.test_two_workers_ask_before_either_tells),
    ],
)
def test_a_broken_strategy_is_caught(
    sampler: type[Sampler], check: Callable[[Strategy], None]
) -> None:
    with pytest.raises((AssertionError, TypeError, ValueError)):
        check(making(sampler))
    check(making(Sampler))
