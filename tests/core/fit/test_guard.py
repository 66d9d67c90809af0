"""A fit that diverges goes back, and only one that diverges does."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from toys import At, Duel, Target

from nasdip_core.errors import RunError
from nasdip_core.fit.events import FitStarted, Rewound
from nasdip_core.fit.guard import DivergenceGuard
from nasdip_core.fit.options import GuardOptions
from nasdip_core.problem import Step

MakeFit = Callable[..., Any]


def spiky(at: set[int], seen: list[int], value: float) -> Target:
    def loss(step: Step, error: Tensor) -> Tensor:
        seen.append(step.index)
        spike = step.index in at and seen.count(step.index) == 1
        return error + value if spike else error

    return Target(loss=loss)


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e6])
def test_it_goes_back_with_a_lower_rate(make_fit: MakeFit, value: float) -> None:
    seen: list[int] = []
    fit, events = make_fit(spiky({25}, seen, value), guard={"every": 10}, steps=40)
    found = fit.run()
    rewound = [event for event in events if isinstance(event, Rewound)]
    assert [(r.step, r.to_step, r.lr_factor) for r in rewound] == [(25, 10, 0.5)]
    assert seen == [*range(1, 26), *range(11, 41)]
    assert found.iterations == 40
    assert torch.isfinite(found.last["restored"]).all()


def test_a_fit_that_goes_on_tells_how_often_it_went_back(make_fit: MakeFit) -> None:
    fit, events = make_fit(spiky({25}, [], math.nan), guard={"every": 10}, steps=40)
    fit.advance(30)
    fit.run()
    started = [event for event in events if isinstance(event, FitStarted)]
    assert [(event.step, event.rewinds) for event in started] == [(0, 0), (30, 1)]


def test_network_and_optimiser_state_go_back_together(make_fit: MakeFit) -> None:
    """With the same rate, a rewound fit ends where an undisturbed one does."""
    guard = {"every": 10, "lr_factor": 0.999999}
    plain = make_fit(Target(), steps=40, guard=guard)[0]
    disturbed = make_fit(spiky({25, 33}, [], math.nan), steps=40, guard=guard)[0]
    a, b = (fit.run().last["restored"].mean().item() for fit in (plain, disturbed))
    assert a == pytest.approx(b, abs=1e-5)


def test_the_rule_is_rewound_too(make_fit: MakeFit) -> None:
    rule = At()
    make_fit(spiky({25}, [], math.nan), rule, guard={"every": 10}, steps=30)[0].run()
    assert rule.seen == list(range(1, 31))


@pytest.mark.parametrize("shift", [-1.0, -5.0])
def test_a_loss_may_be_negative(make_fit: MakeFit, shift: float) -> None:
    calm = Target(loss=lambda step, error: error + shift)
    fit, events = make_fit(calm, guard={"every": 10}, steps=40)
    fit.run()
    assert not [event for event in events if isinstance(event, Rewound)]

    seen: list[int] = []

    def leaps(step: Step, error: Tensor) -> Tensor:
        seen.append(step.index)
        return error + (1e3 if step.index == 25 and seen.count(25) == 1 else shift)

    fit, events = make_fit(Target(loss=leaps), guard={"every": 10}, steps=40)
    fit.run()
    assert [event.step for event in events if isinstance(event, Rewound)] == [25]


def test_a_loss_may_fall_through_zero() -> None:
    guard, noise = DivergenceGuard(GuardOptions()), np.random.default_rng(0)
    for step in range(2000):
        loss = 1 - step / 1000 + 0.05 * noise.standard_normal()
        assert guard.judge({"all": loss}, frozenset({"all"})) is None
    assert guard.judge({"all": 30.0}, frozenset({"all"})) is not None


def test_too_many_rewinds_fail_with_what_to_do(make_fit: MakeFit) -> None:
    fit, _ = make_fit(Target(loss=lambda step, error: error * math.nan), guard={"rewinds": 3})
    with pytest.raises(RunError, match=r"diverged 4 times, last at step 1.*lower fit\.lr"):
        fit.run()


def test_an_adversary_may_rise(make_fit: MakeFit) -> None:
    problem = Duel()
    fit, events = make_fit(problem, steps=60)
    fit.run()
    assert not [event for event in events if isinstance(event, Rewound)]
