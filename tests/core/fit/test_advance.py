"""A fit may be led in parts: what it finds is what one run finds."""

from collections.abc import Callable
from typing import Any

import torch
from toys import Target

from nasdip_core.fit.events import FitEnded

MakeFit = Callable[..., Any]


def test_parts_find_what_one_run_finds(make_fit: MakeFit) -> None:
    whole = make_fit(Target(0.8, truth=0.5), steps=60)[0].run()
    fit, events = make_fit(Target(0.8, truth=0.5), steps=60)
    seen = []
    for steps in (7, 20, 20, 60):
        fit.advance(steps)
        seen.append(fit.found())
    assert [found.iterations for found in seen] == [7, 20, 20, 60]
    assert seen[0].reason == ""
    assert torch.equal(seen[-1].chosen["restored"], whole.chosen["restored"])
    assert (seen[-1].best_step, seen[-1].reason) == (whole.best_step, whole.reason)
    assert not any(isinstance(event, FitEnded) for event in events)


def test_time_between_parts_does_not_count(make_fit: MakeFit) -> None:
    fit, _ = make_fit(Target(), steps=10)
    fit.advance(5)
    first = fit.found().seconds
    fit.advance(5)
    assert fit.found().seconds == first
    fit.advance(10)
    assert fit.found().seconds > first
