"""The stopping rules: each keeps the contract and finds the valley between the false ones."""

import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from nasdip_core.errors import OptionError
from nasdip_core.fit.stopping import Observation, StoppingRule
from nasdip_core.options import fields_of
from nasdip_core.plugins import Plugins
from nasdip_core.testing.stopping import (
    STEPS,
    StoppingConformance,
    synthetic_fit,
    synthetic_picture,
)
from nasdip_plugins.offers import nasdip_offers
from nasdip_plugins.stopping.windowed_variance import SAMPLES, WindowedVariance

NAMES = ["held-out", "discrepancy", "exponential-variance", "windowed-variance", "fixed"]
JUDGING = NAMES[:-1]


def make(plugins: Plugins, name: str, **options: Any) -> StoppingRule:
    rule: StoppingRule = plugins.find("stopping", f"nasdip:{name}").made(options, name)
    return rule


def walk(rule: StoppingRule) -> tuple[int | None, int | None, float]:
    """Return the best step, the step that ended the fit, and the error of the best average."""
    best, error = None, math.inf
    for observation in synthetic_fit():
        verdict = rule.observe(observation)
        if verdict.best:
            best = observation.step
            error = (observation.average - synthetic_picture()).square().mean().item()
        if verdict.stop:
            return best, observation.step, error
    return best, None, error


class TestConformance(StoppingConformance):
    @pytest.fixture(params=NAMES)
    def rule(self, plugins: Plugins, request: pytest.FixtureRequest) -> Callable[[], StoppingRule]:
        return lambda: make(plugins, request.param)


def test_everything_is_offered() -> None:
    assert [o.name for o in nasdip_offers() if o.kind == "stopping"] == NAMES


@pytest.mark.parametrize("name", JUDGING)
def test_every_option_is_described(plugins: Plugins, name: str) -> None:
    model = plugins.find("stopping", f"nasdip:{name}").options()
    assert model is not None
    assert all(field.meaning for field in fields_of(model))


def test_options_never_import_torch() -> None:
    script = (
        "import sys, nasdip_plugins.offers, nasdip_plugins.stopping.options\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("held-out", {"fraction": 0}),
        ("held-out", {"patience": 0}),
        ("held-out", {"min_start": 0}),
        ("exponential-variance", {"alpha": 1}),
        ("windowed-variance", {"window": 1}),
        ("fixed", {"patience": 3}),
    ],
)
def test_bad_options_are_refused(plugins: Plugins, name: str, options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=f"{name}.{next(iter(options))}"):
        make(plugins, name, **options)


@pytest.mark.parametrize("name", JUDGING)
def test_the_valley_is_found(plugins: Plugins, name: str) -> None:
    peak = min((o.average - synthetic_picture()).square().mean().item() for o in synthetic_fit())
    best, stop, error = walk(make(plugins, name))
    assert best is not None
    assert 100 <= best <= 190
    assert stop == best + (1 if name == "discrepancy" else 200)
    assert 10 * math.log10(error / peak) < 1  # dB


@pytest.mark.parametrize("name", ["exponential-variance", "windowed-variance"])
def test_a_start_that_stands_still_is_no_minimum(plugins: Plugins, name: str) -> None:
    window = {"window": 10} if name == "windowed-variance" else {}
    trapped, _, bad = walk(make(plugins, name, min_start=1, **window))
    free, _, good = walk(make(plugins, name, min_start=50, **window))
    assert trapped is not None
    assert free is not None
    assert trapped < 50 < free
    assert good < bad / 100


@pytest.mark.parametrize("name", ["exponential-variance", "windowed-variance"])
def test_patience_keeps_a_deeper_false_minimum_out(plugins: Plugins, name: str) -> None:
    endless, _, bad = walk(make(plugins, name, patience=10_000))
    frozen, _, good = walk(make(plugins, name, patience=200))
    assert endless is not None
    assert frozen is not None
    assert frozen < 200
    assert endless > 700
    assert good < bad / 10


def test_fixed_returns_the_last_step(plugins: Plugins) -> None:
    assert walk(make(plugins, "fixed"))[:2] == (STEPS, None)


def test_held_out_says_what_it_needs(plugins: Plugins) -> None:
    rule = make(plugins, "held-out", fraction=0.1)
    assert rule.held_out == 0.1
    assert make(plugins, "exponential-variance").held_out == 0


def test_held_out_refuses_a_task_that_keeps_nothing_back(plugins: Plugins) -> None:
    observation = replace(synthetic_fit()[0], validation=None)
    with pytest.raises(OptionError, match="'held-out' needs measurements"):
        make(plugins, "held-out").observe(observation)


def test_held_out_judges_the_validation_alone(plugins: Plugins) -> None:
    rule = make(plugins, "held-out", min_start=2, patience=2)
    still = torch.zeros(1, 1, 1, 1)
    errors = [0.1, 0.5, 0.4, math.nan, 0.3, 0.3, 0.4, 0.1]
    verdicts = [rule.observe(Observation(i + 1, still, still, e)) for i, e in enumerate(errors)]
    assert [v.best for v in verdicts] == [False, True, True, False, True, False, False, False]
    assert [v.stop for v in verdicts] == [False] * 6 + [True, True]
    assert [v.statistic for v in verdicts] == [0.1, 0.5, 0.4, None, 0.3, 0.3, 0.4, 0.1]


def outputs(*values: float) -> list[Observation]:
    """Return the steps of a fit whose picture has two pixels, v and 3 v."""
    pictures = [torch.tensor([v, 3 * v]).reshape(1, 1, 1, 2) for v in values]
    return [Observation(i, p, p, None) for i, p in enumerate(pictures, start=1)]


def test_windowed_variance_is_the_mean_variance_of_the_window(plugins: Plugins) -> None:
    rule = make(plugins, "windowed-variance", window=3)
    found = [rule.observe(o).statistic for o in outputs(0.0, 0.3, 0.6, 0.6, 0.6)]
    # Of the values v of three steps the variance is s; of 3 v it is 9 s: 5 s on average.
    assert found[:2] == [None, None]
    assert found[2:] == pytest.approx([5 * 0.06, 5 * 0.02, 0], abs=1e-7)


def test_exponential_variance_follows_its_formula(plugins: Plugins) -> None:
    rule = make(plugins, "exponential-variance", alpha=0.5)
    found = [rule.observe(o).statistic for o in outputs(0.0, 0.4, 0.4)]
    # d = 0.4 and then 0.2 in the first pixel, threefold in the second; mean |d|^2 = 5 d^2.
    first = 0.5 * (0.5 * 5 * 0.16)
    assert found == [None, pytest.approx(first), pytest.approx(0.5 * (first + 0.5 * 5 * 0.04))]


def test_windowed_variance_of_a_large_picture_takes_bounded_memory(plugins: Plugins) -> None:
    assert SAMPLES <= 65_536
    rule = make(plugins, "windowed-variance", window=4)
    generator = torch.Generator().manual_seed(0)
    statistic = None
    for step in range(1, 7):
        output = torch.rand(1, 3, 400, 400, generator=generator)
        statistic = rule.observe(Observation(step, output, output, None)).statistic
    state = rule.state_dict()
    kept = sum(v.numel() for v in state.values() if isinstance(v, torch.Tensor))
    assert kept == 4 * SAMPLES
    # Of four uniform values: 1/12, less the share of their mean.
    assert statistic == pytest.approx(1 / 12 * 3 / 4, rel=0.02)


def test_windowed_variance_looks_at_the_same_places_after_a_resume() -> None:
    first = WindowedVariance(window=2, patience=5, min_start=1)
    second = WindowedVariance(window=2, patience=5, min_start=1)
    output = torch.rand(1, 3, 300, 300, generator=torch.Generator().manual_seed(0))
    first.observe(Observation(1, output, output, None))
    second.load_state_dict(first.state_dict())
    assert second.observe(Observation(2, output, output, None)).statistic == 0


def test_discrepancy_knows_when_noise_is_left(plugins: Plugins) -> None:
    strict, lax = (walk(make(plugins, "discrepancy", factor=f)) for f in (0.9, 1.5))
    assert strict[1] is not None
    assert lax[1] is not None
    assert strict[1] > lax[1]
    rule = make(plugins, "discrepancy")
    verdicts = [rule.observe(replace(seen, noise_loss=None)) for seen in synthetic_fit()]
    assert not any(verdict.best or verdict.stop for verdict in verdicts)
