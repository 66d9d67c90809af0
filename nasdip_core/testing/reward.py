"""What a `reward` plugin has to do."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nasdip_core.architecture.cost import Cost
from nasdip_core.errors import NasdipError
from nasdip_core.fit.loop import Fit
from nasdip_core.fit.networks import SlotNetwork
from nasdip_core.fit.options import FitOptions
from nasdip_core.fit.result import FitResult
from nasdip_core.fit.stopping import Observation, StoppingRule, Verdict
from nasdip_core.problem import Estimate, Problem, Slot, Step
from nasdip_core.restoration import RestorationProblem
from nasdip_core.reward import Reward, Trained
from nasdip_core.seeds import initialising

MakeProblem = Callable[[Tensor, Tensor | None], Problem]
SIZES = [(1, 1), (1, 7), (5, 3), (16, 16)]
NOISE = 0.1


class RewardConformance:
    """Inherit, and return your reward from the fixture `reward`.

    The fixture `problem_of` returns a function from a clean picture (1, C, H, W), and that picture
    or another as the truth, or None, to the problem of the damaged one: by default, of a noisy one.
    Its networks all say what the restored picture is.
    """

    @pytest.fixture
    def problem_of(self) -> MakeProblem:
        """Return what makes a fresh problem; equal pictures, equal problems."""

        def make(clean: Tensor, truth: Tensor | None) -> Problem:
            noise = NOISE * torch.randn(clean.shape, generator=_draws(1))
            return RestorationProblem(clean + noise, deviation=lambda _: NOISE, truth=truth)

        return make

    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("size", SIZES, ids=str)
    def test_judges_any_picture(
        self, reward: Reward, problem_of: MakeProblem, size: tuple[int, int], channels: int
    ) -> None:
        """A finite number, from one pixel on; for the truth itself, too."""
        clean = _picture(size, channels)
        problem = _prepared(reward, problem_of(clean, clean))
        for picture in (clean, _off(clean, 0.03), torch.zeros_like(clean)):
            score = reward.score(_trained(reward, problem, clean, picture))
            assert isinstance(score, float)
            assert math.isfinite(score)

    def test_prefers_the_better_estimate(self, reward: Reward, problem_of: MakeProblem) -> None:
        """An estimate near the truth is worth more than one with much noise."""
        clean = _picture()
        problem = _prepared(reward, problem_of(clean, clean))
        good, bad = (
            reward.score(_trained(reward, problem, clean, _off(clean, error)))
            for error in (0.02, 0.3)
        )
        assert good > bad

    def test_takes_no_number_for_good(self, reward: Reward, problem_of: MakeProblem) -> None:
        """What is no number has a score that is none."""
        clean = _picture()
        problem = _prepared(reward, problem_of(clean, clean))
        lost = torch.full_like(clean, math.nan)
        assert math.isnan(reward.score(_trained(reward, problem, clean, lost)))

    def test_prepares_by_the_generator(self, reward: Reward, problem_of: MakeProblem) -> None:
        """Equal draws change equal problems equally, one after the other; no others are made."""
        clean = _picture()
        state = torch.get_rng_state()
        problems = [problem_of(clean, clean) for _ in range(2)]
        for problem in problems:
            reward.prepare(problem, _draws(2))
        assert torch.equal(torch.get_rng_state(), state)
        first, second = (_seen(problem, clean) for problem in problems)
        assert first == second
        scores = [reward.score(_trained(reward, p, clean, _off(clean, 0.03))) for p in problems]
        assert scores[0] == scores[1]

    def test_says_whether_it_changes_the_problem(
        self, reward: Reward, problem_of: MakeProblem
    ) -> None:
        """Where `changes` is false, a prepared problem is fitted and judged like a fresh one."""
        clean = _picture()
        fresh, prepared = problem_of(clean, clean), _prepared(reward, problem_of(clean, clean))
        if not reward.changes:
            before, after = _seen(fresh, clean), _seen(prepared, clean)
            assert after == before, "`prepare` changes the problem, and `changes` is false"

    def test_leaves_what_it_judges_alone(self, reward: Reward, problem_of: MakeProblem) -> None:
        """Scoring changes neither problem nor estimates, and draws nothing: twice, the same."""
        clean = _picture()
        problem = _prepared(reward, problem_of(clean, clean))
        trained = _trained(reward, problem, clean, _off(clean, 0.03))
        estimates = [trained.result.chosen, trained.result.last, *trained.others]
        before = [{name: value.clone() for name, value in each.items()} for each in estimates]
        seen, state = _seen(problem, clean), torch.get_rng_state()
        first = reward.score(trained)
        assert torch.equal(torch.get_rng_state(), state)
        assert reward.score(trained) == first
        assert _seen(problem, clean) == seen
        for now, then in zip(estimates, before, strict=True):
            assert all(torch.equal(now[name], then[name]) for name in then)

    def test_reads_no_truth_unless_it_says_so(
        self, reward: Reward, problem_of: MakeProblem
    ) -> None:
        """A wrong truth, or none, gives the same score; a reward that needs one says so."""
        clean = _picture()
        picture = _off(clean, 0.03)

        def score(truth: Tensor | None) -> float:
            problem = _prepared(reward, problem_of(clean, truth))
            trained = _trained(reward, problem, clean, picture)
            if truth is None:
                trained = replace(trained, result=replace(trained.result, oracle=None))
            return reward.score(trained)

        if reward.needs_truth:
            with pytest.raises(NasdipError):
                score(None)
        else:
            assert score(clean) == score(1 - clean) == score(None)

    def test_judges_a_fit(self, reward: Reward, problem_of: MakeProblem) -> None:
        """A problem that was prepared can be fitted, and the fit has a finite score."""
        clean = _picture()
        problem = _prepared(reward, problem_of(clean, clean))
        device = torch.device("cpu")
        problem.to(device)
        networks = {name: _network(slot) for name, slot in problem.slots.items()}
        options = FitOptions(steps=3, jitter=0.0)
        result = Fit(problem, networks, options, _EveryStep(), seed=0, device=device).run()
        others = _others(reward, problem, clean)
        assert math.isfinite(reward.score(Trained(problem, result, _COST, others)))


class _EveryStep(StoppingRule):
    """Takes every step and returns the last."""

    def observe(self, observation: Observation) -> Verdict:
        return Verdict()


_COST = Cost(parameters=1000, macs=100_000, activation_bytes=50_000)


def _prepared(reward: Reward, problem: Problem) -> Problem:
    reward.prepare(problem, _draws(2))
    return problem


def _trained(reward: Reward, problem: Problem, clean: Tensor, picture: Tensor) -> Trained:
    """Return a fit that found a picture at every one of its steps."""
    found = _estimate(problem, picture)
    result = FitResult("fit", found, found, found, 10, 10, 10, "fixed", "the end", 1.0, 0.0)
    return Trained(problem, result, _COST, _others(reward, problem, clean))


def _others(reward: Reward, problem: Problem, clean: Tensor) -> list[Estimate]:
    """Return what three other candidates made, where the reward looks at it."""
    if not reward.compares:
        return []
    return [_estimate(problem, _off(clean, 0.05, seed)) for seed in (11, 12, 13)]


def _estimate(problem: Problem, picture: Tensor) -> Estimate:
    return problem.estimate(_step(problem, picture))


def _step(problem: Problem, picture: Tensor) -> Step:
    """Return a step whose networks all say that the result is a picture."""
    outputs = dict.fromkeys(problem.slots, picture)
    return Step(1, {}, outputs.__getitem__, problem.batch(1, _draws(3)), _draws(4))


def _seen(problem: Problem, clean: Tensor) -> Mapping[str, Any]:
    """Return what a fit and a stopping rule see of a problem, for two pictures."""
    seen: dict[str, Any] = {"noise": problem.noise_loss(), "notes": list(problem.notes)}
    for name, picture in (("near", _off(clean, 0.03)), ("far", 1 - clean)):
        step = _step(problem, picture)
        estimate = problem.estimate(step)
        losses = [float(player.loss(step)) for player in problem.active(1)]
        seen[name] = losses, problem.validation(estimate), problem.measures(estimate)
    return seen


def _network(slot: Slot) -> SlotNetwork:
    """Return the smallest network of a slot."""
    z = slot.input
    if z is None:
        z = torch.rand(1, 2, *slot.size, generator=_draws(5))
    with initialising(6):
        convolution = nn.Conv2d(int(z.shape[1]), slot.channels, 3, padding=1)
    return SlotNetwork(nn.Sequential(convolution, nn.Sigmoid()), z, slot.size)


def _picture(size: tuple[int, int] = (24, 24), channels: int = 3) -> Tensor:
    """Return waves, (1, C, H, W) in [0.25, 0.75], in levels of 8 bits: written, it is the same."""
    y, x = torch.meshgrid(torch.arange(size[0]), torch.arange(size[1]), indexing="ij")
    phase = torch.arange(channels)[:, None, None]
    waves = 0.5 + 0.25 * torch.sin(0.4 * x + 0.2 * y + phase)
    return (255 * waves[None]).round() / 255


def _off(clean: Tensor, error: float, seed: int = 7) -> Tensor:
    """Return an estimate with an error of that deviation."""
    return clean + error * torch.randn(clean.shape, generator=_draws(seed))


def _draws(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
