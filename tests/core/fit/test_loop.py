"""One loop for one network, coupled networks, and players that take turns."""

import math
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from toys import TINY, At, Duel, Sum, Target

from nasdip_core.architecture.specification import Architecture
from nasdip_core.errors import RunError, RunInterruptedError
from nasdip_core.fit.events import Event, FitEnded, FitStarted, Rewound, StepDone
from nasdip_core.fit.stopping import Observation, Verdict
from nasdip_core.objective import Objective
from nasdip_core.options import parse
from nasdip_core.problem import Step
from nasdip_core.restoration import RestorationProblem

MakeFit = Callable[..., Any]


def restoration(seed: int = 0, truth: bool = True) -> RestorationProblem:
    draws = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(torch.linspace(0, 3, 16), torch.linspace(0, 3, 16), indexing="ij")
    clean = (0.5 + 0.4 * torch.sin(x + y))[None, None]
    noisy = (clean + 0.1 * torch.randn(clean.shape, generator=draws)).clamp(0, 1)
    return RestorationProblem(noisy, truth=clean if truth else None)


def test_one_network_reaches_its_target(make_fit: MakeFit) -> None:
    fit, events = make_fit(Target(0.8), steps=200)
    found = fit.run()
    assert found.chosen["restored"].mean() == pytest.approx(0.8, abs=1e-3)
    assert (found.iterations, found.best_step, found.reason) == (200, 200, "reached 200 steps")
    assert isinstance(events[0], FitStarted)
    assert isinstance(events[-1], FitEnded)
    steps = [event.step for event in events if isinstance(event, StepDone)]
    assert steps == [1, *range(10, 201, 10)]


def test_two_coupled_networks(make_fit: MakeFit) -> None:
    found = make_fit(Sum(), steps=400)[0].run()
    assert found.chosen["a"].mean() == pytest.approx(0.25, abs=1e-2)
    assert found.chosen["b"].mean() == pytest.approx(0.75, abs=1e-2)


def test_players_take_turns_on_mini_batches(make_fit: MakeFit) -> None:
    problem = Duel(0.7)
    found = make_fit(problem, steps=400, lr=0.02, averaging=0.9)[0].run()
    assert problem.turns[:6] == ["critic", "critic", "generator"] * 2
    assert found.chosen["generator"].mean() == pytest.approx(0.7, abs=0.1)


def test_gradients_reach_the_player_s_own_networks_only(make_fit: MakeFit) -> None:
    problem = Duel()
    fit, _ = make_fit(problem, steps=1)
    before = fit.networks["generator"].module.value.item()
    problem.players = problem.players[:1]
    fit.run()
    assert fit.networks["generator"].module.value.item() == before
    assert fit.networks["generator"].module.value.grad is None


def test_the_step_that_the_rule_calls_best_is_returned(make_fit: MakeFit) -> None:
    fit, _ = make_fit(Target(), At(best=(5, 12), stop=20))
    found = fit.run()
    assert (found.iterations, found.best_step) == (20, 12)
    assert found.reason == "the stopping rule ended it"
    assert 0 < found.chosen["restored"].mean() < found.last["restored"].mean()


class Ten(Objective):
    """Adds ten to the loss."""

    def term(self, picture: Tensor, step: int) -> Tensor:
        return picture.new_tensor(10.0)


class Losses(At):
    """Keeps what it is told of the loss."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []

    def observe(self, observation: Observation) -> Verdict:
        assert observation.loss is not None
        self.losses.append(observation.loss)
        return super().observe(observation)


def test_a_rule_judges_the_loss_without_objectives(make_fit: MakeFit) -> None:
    """What they add is no noise: discrepancy would stop too late by it."""
    told, lone = Losses(), Losses()
    further = {"objectives": [{"uses": "ten"}], "objective_plugins": (Ten(),)}
    fit, events = make_fit(restoration(), told, steps=5, report_every=1, **further)
    fit.run()
    make_fit(restoration(), lone, steps=5)[0].run()
    assert told.losses == pytest.approx(lone.losses, abs=1e-5)
    shown = [event.loss - 10 for event in events if isinstance(event, StepDone)]
    assert shown == pytest.approx(lone.losses, abs=1e-5)


def test_quality_is_reported_three_ways(make_fit: MakeFit) -> None:
    """The constant passes the truth 0.5 on its way to the target 1."""
    found = make_fit(Target(1.0, truth=0.5), At(best=(3,)), steps=100, report_every=1)[0].run()
    assert found.oracle is not None
    truth = torch.tensor(0.5)
    errors = [
        float((estimate["restored"].mean() - truth).abs())
        for estimate in (found.oracle, found.chosen, found.last)
    ]
    assert errors[0] < min(errors[1:])
    assert found.oracle_step not in (found.best_step, found.iterations)


def test_the_oracle_is_never_below_what_is_returned(make_fit: MakeFit) -> None:
    fit, _ = make_fit(Target(1.0, truth=0.5), At(best=(11,)), steps=40, report_every=40)
    found = fit.run()
    assert found.oracle_step == 11


def test_the_average_grows_into_its_decay(make_fit: MakeFit) -> None:
    raw: list[float] = []

    def loss(step: Step, error: Tensor) -> Tensor:
        raw.append(float(step["picture"].detach().mean()))
        return error

    found = make_fit(Target(loss=loss), steps=30, averaging=0.5)[0].run()
    mean = raw[0]
    for i, value in enumerate(raw[1:], start=1):
        decay = min(0.5, i / (i + 9))
        mean = decay * mean + (1 - decay) * value
    assert found.last["restored"].mean() == pytest.approx(mean, abs=1e-6)


def test_same_seed_same_answer_and_other_seed_another(make_fit: MakeFit) -> None:
    architecture = parse(Architecture, TINY, "")

    def answer(seed: int) -> Tensor:
        fit, _ = make_fit(
            restoration(), seed=seed, architecture=architecture, steps=5, jitter=0.1, averaging=0.9
        )
        found: Tensor = fit.run().last["restored"]
        return found

    assert torch.equal(answer(3), answer(3))
    assert not torch.allclose(answer(3), answer(4))


def test_out_of_memory_says_what_to_do(make_fit: MakeFit) -> None:
    def loss(step: Step, error: Tensor) -> Tensor:
        return error + torch.empty(2**60).mean()

    with pytest.raises(RunError, match=r"out of memory.*lower --tile"):
        make_fit(Target(loss=loss))[0].run()


def test_the_last_step_knows_that_it_is_when_the_time_is_up(make_fit: MakeFit) -> None:
    lasts: list[bool] = []

    def loss(step: Step, error: Tensor) -> Tensor:
        lasts.append(step.last)
        if step.index == 7:
            fit.deadline = lambda _: 0.0
        return error

    fit, events = make_fit(Target(loss=loss), steps=20, deadline=lambda _: math.inf)
    found = fit.run()
    assert found.reason == "the time was up"
    assert lasts == [False] * 7 + [True]
    assert [event.step for event in events if isinstance(event, StepDone)] == [1, 8]


class Killed(BaseException):
    """Stands for `kill -9`: nothing in the loop may catch it."""


class TestResume:
    def problem(self, die_at: int | None) -> RestorationProblem:
        problem = restoration()
        inner = problem.players[0].loss

        def loss(step: Step) -> Tensor:
            if step.index == die_at:
                raise Killed
            return inner(step)

        object.__setattr__(problem.players[0], "loss", loss)
        return problem

    @pytest.mark.parametrize("die_at", [2, 17, 29])
    def test_a_killed_fit_goes_on_bit_for_bit(
        self, make_fit: MakeFit, tmp_path: Path, die_at: int
    ) -> None:
        architecture = parse(Architecture, TINY, "")
        options = {"architecture": architecture, "steps": 30, "jitter": 0.1, "averaging": 0.9}
        whole = make_fit(self.problem(None), At(best=(9,)), **options)[0].run()
        options.update(checkpoint=tmp_path / "c.safetensors", checkpoint_seconds=0.0)
        with pytest.raises(Killed):
            make_fit(self.problem(die_at), At(best=(9,)), **options)[0].run()
        fit, events = make_fit(self.problem(None), At(best=(9,)), **options)
        resumed = fit.run()
        assert events[0] == FitStarted("fit", 30, die_at - 1)
        for a, b in ((whole.chosen, resumed.chosen), (whole.last, resumed.last)):
            assert torch.equal(a["restored"], b["restored"])
        assert whole.oracle is not None
        assert resumed.oracle is not None
        assert torch.equal(whole.oracle["restored"], resumed.oracle["restored"])
        assert (whole.best_step, whole.oracle_step) == (resumed.best_step, resumed.oracle_step)

    @pytest.mark.parametrize("die_at", [12, 24])
    def test_a_resumed_fit_that_diverges_goes_back_as_far(
        self, make_fit: MakeFit, tmp_path: Path, die_at: int
    ) -> None:
        def problem(die: bool) -> RestorationProblem:
            problem = restoration()
            inner, seen = problem.players[0].loss, []

            def loss(step: Step) -> Tensor:
                if die and step.index == die_at:
                    raise Killed
                seen.append(step.index)
                spike = step.index == 27 and seen.count(27) == 1
                return inner(step) * (math.nan if spike else 1)

            object.__setattr__(problem.players[0], "loss", loss)
            return problem

        options = {"architecture": parse(Architecture, TINY, ""), "steps": 30, "jitter": 0.1}
        options |= {"guard": {"every": 10}}
        fit, events = make_fit(problem(die=False), **options)
        whole, rewound = fit.run(), [e for e in events if isinstance(e, Rewound)]
        options.update(checkpoint=tmp_path / "c.safetensors", checkpoint_seconds=0.0)
        with pytest.raises(Killed):
            make_fit(problem(die=True), **options)[0].run()
        fit, events = make_fit(problem(die=False), **options)
        resumed = fit.run()
        assert [e for e in events if isinstance(e, Rewound)] == rewound
        assert rewound[0].to_step == 10
        assert torch.equal(whole.last["restored"], resumed.last["restored"])

    def test_the_problem_s_own_state_is_kept(self, make_fit: MakeFit, tmp_path: Path) -> None:
        options = {"checkpoint": tmp_path / "c.safetensors", "checkpoint_seconds": 0.0}

        def die(step: Step, error: Tensor) -> Tensor:
            if step.index == 21:
                raise Killed
            return error

        with pytest.raises(Killed):
            make_fit(Target(loss=die), steps=25, **options)[0].run()
        problem = Target()
        make_fit(problem, steps=25, **options)[0].run()
        assert problem.extra == 25

    @pytest.mark.parametrize("rule", [At(), At(best=(4,), stop=9)])
    def test_a_fit_that_had_ended_is_not_gone_on_with(
        self, make_fit: MakeFit, tmp_path: Path, rule: At
    ) -> None:
        options = {"steps": 20, "checkpoint": tmp_path / "c.safetensors"}
        first = make_fit(Target(), rule, **options)[0].run()
        problem = Target()
        second = make_fit(problem, At(), **options)[0].run()
        assert (second.iterations, second.best_step) == (first.iterations, first.best_step)
        assert second.reason == first.reason
        assert torch.equal(second.chosen["restored"], first.chosen["restored"])

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_ctrl_c_writes_a_checkpoint_between_two_steps(
        self, make_fit: MakeFit, tmp_path: Path, number: signal.Signals
    ) -> None:
        path = tmp_path / "c.safetensors"

        def loss(step: Step, error: Tensor) -> Tensor:
            if step.index == 12:
                os.kill(os.getpid(), number)
            return error

        before = signal.getsignal(number)
        with pytest.raises(RunInterruptedError, match="interrupted after step 12 of 50"):
            make_fit(Target(loss=loss), checkpoint=path)[0].run()
        assert signal.getsignal(number) == before
        fit, events = make_fit(Target(), checkpoint=path)
        assert fit.run().iterations == 50
        assert events[0] == FitStarted("fit", 50, 12)

    def test_a_file_that_is_no_checkpoint(self, make_fit: MakeFit, tmp_path: Path) -> None:
        path = tmp_path / "c.safetensors"
        path.write_bytes(b"nothing")
        with pytest.raises(RunError, match="cannot read the checkpoint"):
            make_fit(Target(), checkpoint=path)[0].run()

    def test_a_folder_that_takes_no_checkpoint(self, make_fit: MakeFit, tmp_path: Path) -> None:
        blocked = tmp_path / "file"
        blocked.write_text("")
        with pytest.raises(RunError, match=r"cannot write .*: Not a directory"):
            make_fit(Target(), checkpoint=blocked / "c", checkpoint_seconds=0.0)[0].run()


def test_observers_see_events_as_they_happen(make_fit: MakeFit) -> None:
    losses: list[float] = []

    def observe(event: Event) -> None:
        if isinstance(event, StepDone):
            losses.append(event.loss)

    make_fit(Target(), observers=(observe,))[0].run()
    assert len(losses) == 6
    assert losses[0] == 1.0
    assert losses[-1] < 0.01
