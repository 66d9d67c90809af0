"""What a `stopping` plugin has to do."""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from nasdip_core.fit.stopping import Observation, StoppingRule, Verdict

STEPS = 800
"""Length of the synthetic fit."""


def synthetic_picture(size: tuple[int, int] = (8, 8)) -> Tensor:
    """Return the picture that `synthetic_fit` learns, (1, 3, H, W) in [0, 1]."""
    return torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))


def synthetic_fit(size: tuple[int, int] = (8, 8)) -> list[Observation]:
    """Return what a rule sees of a fit that learns the picture first and the noise later.

    The output stands still until it learns the picture, about step 60, and again once it has
    learnt the noise, about step 300: its variance is least at both ends, and the valley that a
    rule has to find lies between, about step 120.
    """
    generator = torch.Generator().manual_seed(1)
    picture = synthetic_picture(size)
    noise, kept_back = 0.1 * torch.randn(2, *picture.shape, generator=generator)
    reached = picture + 0.02 * torch.randn(picture.shape, generator=generator)
    flicker = 5e-5 * torch.randn(STEPS, *picture.shape, generator=generator)
    step = torch.arange(1, STEPS + 1).reshape(-1, 1, 1, 1, 1)
    learnt, overfit = torch.sigmoid((step - 60) / 6), torch.sigmoid((step - 300) / 50)
    outputs = learnt * reached + overfit * noise + flicker
    averages = [outputs[0]]
    for output in outputs[1:]:
        averages.append(averages[-1].lerp(output, 0.1))
    errors = (torch.stack(averages) - picture - kept_back).square().flatten(1).mean(1)
    losses = ((outputs - picture - noise) / 0.1).square().flatten(1).mean(1)
    seen = zip(outputs, averages, errors.tolist(), losses.tolist(), strict=True)
    return [Observation(i, *found, 1.0) for i, found in enumerate(seen, start=1)]


class StoppingConformance:
    """Inherit, and return your class or a function without arguments from the fixture `rule`."""

    def test_keeps_back_a_share(self, rule: Callable[[], StoppingRule]) -> None:
        """A rule leaves the fit something to learn from."""
        assert 0 <= rule().held_out < 1

    @pytest.mark.parametrize("step", [1, 40, 150, STEPS - 10])
    def test_resumes_as_if_never_stopped(self, rule: Callable[[], StoppingRule], step: int) -> None:
        """A fresh rule with the saved state judges the rest alike."""
        observations = synthetic_fit()
        before = rule()
        _judge(before, observations[:step])
        after = rule()
        after.load_state_dict(before.state_dict())
        _assert_equal(_judge(after, observations[step:]), _judge(before, observations[step:]))

    @pytest.mark.parametrize("step", [0, 40, 150])
    def test_rewinds(self, rule: Callable[[], StoppingRule], step: int) -> None:
        """An earlier state, however old, takes everything back, and more than once."""
        observations = synthetic_fit()
        rewound = rule()
        _judge(rewound, observations[:step])
        state = rewound.state_dict()
        expected = _judge(rewound, observations[step:])
        for _ in range(2):
            rewound.load_state_dict(state)
            _assert_equal(_judge(rewound, observations[step:]), expected)

    def test_state_is_plain(self, rule: Callable[[], StoppingRule]) -> None:
        """The state is tensors and what JSON holds, so that a checkpoint needs no pickle."""
        for observed in (0, 1, 150):
            saved = rule()
            _judge(saved, synthetic_fit()[:observed])
            state = saved.state_dict()
            plain = {key: value for key, value in state.items() if not isinstance(value, Tensor)}
            assert json.loads(json.dumps(plain, allow_nan=False)) == plain

    def test_gives_one_reason_at_most(self, rule: Callable[[], StoppingRule]) -> None:
        """A step is the best, or it ends the fit, or neither."""
        verdicts = _judge(rule(), synthetic_fit())
        assert not any(verdict.best and verdict.stop for verdict in verdicts)

    def test_judges_by_its_statistic(self, rule: Callable[[], StoppingRule]) -> None:
        """A rule with a statistic calls no step the best, and ends no fit, before it has one."""
        verdicts = _judge(rule(), synthetic_fit())
        known = [verdict.statistic is not None for verdict in verdicts]
        early = verdicts[: known.index(True)] if any(known) else []
        assert not any(verdict.best or verdict.stop for verdict in early)

    def test_stays_stopped(self, rule: Callable[[], StoppingRule]) -> None:
        """After the end nothing is better, however good it looks."""
        verdicts = _judge(rule(), synthetic_fit())
        stops = [verdict.stop for verdict in verdicts]
        late = verdicts[stops.index(True) :] if any(stops) else []
        assert all(verdict.stop and not verdict.best for verdict in late)

    def test_never_prefers_what_is_no_number(self, rule: Callable[[], StoppingRule]) -> None:
        """A rule with a statistic takes no step of a diverged fit for the best."""
        diverged = [
            replace(
                o,
                output=o.output * math.nan,
                average=o.average * math.nan,
                validation=math.nan,
                loss=math.nan,
            )
            for o in synthetic_fit()
        ]
        verdicts = _judge(rule(), diverged)
        assert all(v.statistic is None or math.isfinite(v.statistic) for v in verdicts)
        if any(verdict.statistic is not None for verdict in _judge(rule(), synthetic_fit())):
            assert not any(verdict.best for verdict in verdicts)

    def test_survives_constant_outputs(self, rule: Callable[[], StoppingRule]) -> None:
        """A fit that stands still is judged like any other."""
        still = torch.full((1, 3, 8, 8), 0.5)
        verdicts = _judge(
            rule(),
            (Observation(step, still, still, 0.01, 2.0, 1.0) for step in range(1, STEPS + 1)),
        )
        assert all(v.statistic is None or math.isfinite(v.statistic) for v in verdicts)

    def test_takes_a_picture_of_one_pixel(self, rule: Callable[[], StoppingRule]) -> None:
        """The smallest picture is a picture."""
        verdicts = _judge(rule(), synthetic_fit(size=(1, 1)))
        assert all(v.statistic is None or math.isfinite(v.statistic) for v in verdicts)

    def test_leaves_what_it_sees_alone(self, rule: Callable[[], StoppingRule]) -> None:
        """Output and average belong to the fit."""
        judging = rule()
        for observation in synthetic_fit()[:150]:
            output, average = observation.output.clone(), observation.average.clone()
            judging.observe(observation)
            assert torch.equal(observation.output, output)
            assert torch.equal(observation.average, average)

    def test_copies_what_it_keeps(self, rule: Callable[[], StoppingRule]) -> None:
        """The fit writes into output and average later, which changes no verdict."""
        expected, judging, verdicts = _judge(rule(), synthetic_fit()), rule(), []
        for observation in synthetic_fit():
            # Of its own: those of `synthetic_fit` lie in one tensor.
            output, average = observation.output.clone(), observation.average.clone()
            verdicts.append(judging.observe(replace(observation, output=output, average=average)))
            output.fill_(math.nan)
            average.fill_(math.nan)
        _assert_equal(verdicts, expected)


def _assert_equal(verdicts: Sequence[Verdict], expected: Sequence[Verdict]) -> None:
    """Name the first verdict that differs; a diff of hundreds of them takes pytest minutes."""
    pairs = enumerate(zip(verdicts, expected, strict=True))
    differing = [place for place, (verdict, other) in pairs if verdict != other]
    assert not differing, f"verdict {differing[0]} differs"


def _judge(rule: StoppingRule, observations: Iterable[Observation]) -> list[Verdict]:
    return [rule.observe(observation) for observation in observations]
