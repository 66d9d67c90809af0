"""The conformance class of stopping rules catches the rules that it is for."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from nasdip_core.fit.stopping import Observation, StoppingRule, Verdict
from nasdip_core.testing.stopping import StoppingConformance


class Thawing(StoppingRule):
    """Ends at step 100, and changes its mind at step 200."""

    def observe(self, observation: Observation) -> Verdict:
        step = observation.step
        return Verdict(1 / step, best=step in (50, 200), stop=step >= 100)


class Undecided(StoppingRule):
    """Ends at the step that it calls the best."""

    def observe(self, observation: Observation) -> Verdict:
        return Verdict(1.0, best=observation.step == 50, stop=observation.step >= 50)


class Hasty(StoppingRule):
    """Calls a step the best before it has a statistic."""

    def observe(self, observation: Observation) -> Verdict:
        early = observation.step < 5
        return Verdict(None if early else 1.0, best=early)


class Blind(StoppingRule):
    """Takes NaN for a minimum."""

    def observe(self, observation: Observation) -> Verdict:
        return Verdict(observation.validation, best=not (observation.validation or 0) > 1)


class Forgetful(StoppingRule):
    """Saves nothing."""

    def __init__(self) -> None:
        self.seen = 0

    def observe(self, observation: Observation) -> Verdict:
        self.seen += 1
        return Verdict(float(self.seen))


class Aliasing(StoppingRule):
    """Hands out the tensor that it goes on writing to."""

    def __init__(self) -> None:
        self.total = torch.zeros(())

    def observe(self, observation: Observation) -> Verdict:
        self.total += observation.output.mean()
        return Verdict(self.total.item())

    def state_dict(self) -> dict[str, Any]:
        return {"total": self.total}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.total = state["total"]


class Greedy(StoppingRule):
    """Keeps everything back."""

    held_out = 1.0

    def observe(self, observation: Observation) -> Verdict:
        return Verdict()


class Meddling(StoppingRule):
    """Writes to the output."""

    def observe(self, observation: Observation) -> Verdict:
        observation.output.mul_(0.5)
        return Verdict()


class Borrowing(StoppingRule):
    """Compares with the output of the step before, which it has not copied."""

    def __init__(self) -> None:
        self.before: torch.Tensor | None = None

    def observe(self, observation: Observation) -> Verdict:
        before, self.before = self.before, observation.output
        if before is None:
            return Verdict()
        return Verdict((observation.output - before).abs().mean().item())


class Unplain(StoppingRule):
    """Saves NaN, which JSON does not know."""

    def observe(self, observation: Observation) -> Verdict:
        return Verdict()

    def state_dict(self) -> dict[str, Any]:
        return {"minimum": math.nan}


class Exact(StoppingRule):
    """Divides by a spread that may be none."""

    def observe(self, observation: Observation) -> Verdict:
        output = observation.output
        return Verdict((1 / (output.max() - output.min())).item())


CHECKS = StoppingConformance()


@pytest.mark.parametrize(
    ("rule", "check"),
    [
        (Thawing, CHECKS.test_stays_stopped),
        (Undecided, CHECKS.test_gives_one_reason_at_most),
        (Hasty, CHECKS.test_judges_by_its_statistic),
        (Blind, CHECKS.test_never_prefers_what_is_no_number),
        (Forgetful, lambda rule: CHECKS.test_resumes_as_if_never_stopped(rule, 40)),
        (Forgetful, lambda rule: CHECKS.test_rewinds(rule, 40)),
        (Aliasing, lambda rule: CHECKS.test_rewinds(rule, 40)),
        (Greedy, CHECKS.test_keeps_back_a_share),
        (Meddling, CHECKS.test_leaves_what_it_sees_alone),
        (Borrowing, CHECKS.test_copies_what_it_keeps),
        (Unplain, CHECKS.test_state_is_plain),
        (Exact, CHECKS.test_survives_constant_outputs),
    ],
)
def test_a_broken_rule_is_caught(
    rule: type[StoppingRule], check: Callable[[Callable[[], StoppingRule]], None]
) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check(rule)
