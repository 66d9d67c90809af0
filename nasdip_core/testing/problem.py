"""What the fit asks of every problem, whatever its networks say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from nasdip_core.architecture.specification import Architecture, Use
from nasdip_core.errors import NasdipError
from nasdip_core.fit.checkpoint import load_checkpoint, save_checkpoint
from nasdip_core.fit.loop import Fit
from nasdip_core.fit.networks import SlotNetwork, make_networks
from nasdip_core.fit.options import FitOptions
from nasdip_core.fit.result import FitResult
from nasdip_core.pipeline.folder import WEIGHTS
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem
from nasdip_core.task import Inputs, Task, TaskOptions

_STEPS = 4
_CPU = torch.device("cpu")


def _tiny() -> Architecture:
    return Architecture.model_validate(
        {
            "levels": 2,
            "input": {"channels": 4},
            "encoder": {"widths": 4, "convolutions": 1},
            "decoder": {"widths": 4},
            "skip": {"widths": 2},
            "norm": "instance",
        }
    )


@dataclass(frozen=True, slots=True)
class ProblemCase:
    """A task and what it is given."""

    task: Task[Any, Any]
    options: TaskOptions
    inputs: Inputs
    """With a truth, where there can be one; the smaller the faster."""
    architecture: Architecture = field(default_factory=_tiny)
    absent: tuple[str, ...] = ()
    """Outputs that the options model declares, and that these options do not make."""

    def problem(self, inputs: Inputs | None = None) -> Problem:
        """Return a fresh problem."""
        made: Problem = self.task.problem(inputs or self.inputs, self.options, _draws(1))
        return made

    def fit(self, problem: Problem, *, steps: int = _STEPS, **options: Any) -> Fit:
        """Return the fit of a problem by the architecture, not yet begun."""
        plugins = Plugins.discover()
        networks = make_networks(problem.slots, self.architecture, plugins, 0, _CPU)
        # So slow that no fit diverges: one that goes back resumes from another snapshot.
        chosen = FitOptions(steps=steps, lr=1e-3, stopping=Use(uses="fixed"), **options)
        rule = plugins.create("stopping", "fixed")
        return Fit(problem, networks, chosen, rule, seed=0, device=_CPU)


class ProblemConformance:
    """Inherit, and return a ProblemCase from the fixture `case`.

    For tasks that TaskConformance is not made for: whose networks say something else than the
    truth, learn from batches, or take turns. A few steps of a tiny network are fitted.
    """

    def test_networks_and_players_fit_together(self, case: ProblemCase) -> None:
        """Players train slots that there are, each by one player, under names of their own."""
        problem = case.problem()
        assert problem.slots
        trained = [slot for player in problem.players for slot in player.slots]
        assert set(trained) <= set(problem.slots)
        assert len(trained) == len(set(trained))
        names = [player.name for player in problem.players]
        assert len(names) == len(set(names))
        assert {player.name for player in problem.active(1)} <= set(names)

    def test_every_player_learns(self, case: ProblemCase) -> None:
        """Losses are finite, and every network of a player that takes part has changed."""
        problem = case.problem()
        fit = case.fit(problem, averaging=0)
        before = {name: _weights(net) for name, net in fit.networks.items()}
        losses = _Losses()
        fit._observers = [losses]
        fit.advance(1)
        assert torch.tensor(losses.seen).isfinite().all()
        for player in problem.active(1):
            for slot in player.slots:
                now = _weights(fit.networks[slot])
                assert any(not torch.equal(now[name], before[slot][name]) for name in now), slot
        idle = set(problem.slots) - {s for p in problem.active(1) for s in p.slots}
        for slot in idle:
            now = _weights(fit.networks[slot])
            assert all(torch.equal(now[name], before[slot][name]) for name in now), slot

    def test_draws_from_the_generator_alone(self, case: ProblemCase) -> None:
        """Two fits of one seed are equal, and the global generator is as it was."""
        state = torch.get_rng_state()
        first, second = (_found(case, case.problem()) for _ in range(2))
        assert torch.equal(torch.get_rng_state(), state)
        _assert_same(first.chosen, second.chosen)

    def test_outputs_have_the_declared_form(self, case: ProblemCase) -> None:
        """Those that the options declare are made, the result first, in the declared size."""
        problem = case.problem()
        found = _found(case, problem)
        assert all(not value.requires_grad for value in found.chosen.values())
        rendered = problem.render(found.chosen)
        absent = {WEIGHTS, *case.absent}
        declared = [name for name in type(case.options).outputs if name not in absent]
        assert next(iter(rendered)) == declared[0]
        assert set(declared) <= set(rendered)
        assert tuple(rendered[declared[0]].samples.shape[-2:]) == problem.result_size
        for name, output in rendered.items():
            assert output.samples.ndim == 4, name
            assert output.samples.shape[0] == 1, name
            assert output.samples.isfinite().all(), name
            assert output.array or (output.samples.min() >= 0 and output.samples.max() <= 1), name
            assert not output.own or output.samples.shape[1] in (1, 3), name

    def test_never_reads_the_truth(self, case: ProblemCase) -> None:
        """With another truth, or none, the result and the notes are the same."""
        truth = case.inputs.truth
        if truth is None:
            problem = case.problem(case.inputs)
            assert problem.measures(_found(case, problem).chosen) == {}
            return
        problems = [case.problem(replace(case.inputs, truth=t)) for t in (truth, 1 - truth, None)]
        found = [_found(case, problem) for problem in problems]
        for problem, other in zip(problems[1:], found[1:], strict=True):
            _assert_same(found[0].chosen, other.chosen)
            assert problem.notes == problems[0].notes
        right, wrong, none = (problem.measures(found[0].chosen) for problem in problems)
        assert none == {}
        assert right["psnr"] != wrong["psnr"]

    def test_a_fit_that_goes_on_is_the_one_that_was_never_stopped(
        self, case: ProblemCase, tmp_path: Any
    ) -> None:
        """After a checkpoint of its state, which holds all that later steps follow from."""
        steps = 2 * _STEPS
        whole = case.fit(case.problem(), steps=steps)
        whole.advance(steps)
        begun, resumed = (case.fit(case.problem(), steps=steps) for _ in range(2))
        begun.advance(_STEPS - 1)
        save_checkpoint(tmp_path / "checkpoint", begun._state())
        resumed._load(load_checkpoint(tmp_path / "checkpoint"))
        resumed.advance(steps)
        _assert_same(whole.found().chosen, resumed.found().chosen)
        _assert_same(whole.problem.weights(), resumed.problem.weights())

    def test_holds_out_or_says_that_it_cannot(self, case: ProblemCase) -> None:
        """There is a validation once something is kept back, and none before."""
        problem = case.problem()
        assert problem.validation(_found(case, problem).chosen) is None
        problem = case.problem()
        try:
            problem.hold_out(0.3, _draws(4))
        except NasdipError:
            assert not problem.keeps_back
            return
        assert problem.keeps_back
        error = problem.validation(_found(case, problem).chosen)
        assert error is not None
        assert torch.tensor(error).isfinite()

    def test_leaves_its_inputs_alone(self, case: ProblemCase) -> None:
        """A fit changes none of what the task was given."""
        given = {name: value.clone() for name, value in _tensors(case.inputs)}
        problem = case.problem()
        problem.render(_found(case, problem).chosen)
        for name, value in _tensors(case.inputs):
            assert torch.equal(value.nan_to_num(), given[name].nan_to_num()), name

    def test_shows_and_keeps_what_is_learnt(self, case: ProblemCase) -> None:
        """Samples are a picture in [0, 1], weights those of a network of the architecture."""
        problem = case.problem()
        fit = case.fit(problem)
        fit.advance(_STEPS)
        samples = problem.samples()
        if samples is not None:
            assert samples.ndim == 4
            assert samples.shape[:2] in {(1, 1), (1, 3)}
            assert samples.min() >= 0
            assert samples.max() <= 1
        weights = problem.weights()
        if weights:
            assert WEIGHTS in type(case.options).outputs
            modules = [network.module.state_dict() for network in fit.networks.values()]
            shapes = {name: value.shape for name, value in weights.items()}
            assert shapes in [{n: v.shape for n, v in module.items()} for module in modules]

    @pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 3)])
    def test_takes_any_picture_or_refuses(self, case: ProblemCase, size: tuple[int, int]) -> None:
        """A small part of the picture is fitted, with a finite result; or NasdipError says why."""
        parts: dict[str, Any] = {
            name: value[..., : size[0], : size[1]]
            for name, value in _tensors(case.inputs)
            if name != "measured"
        }
        try:
            problem = case.problem(replace(case.inputs, **parts))
        except NasdipError:
            return
        chosen = _found(case, problem).chosen
        first = next(iter(problem.render(chosen).values()))
        assert tuple(first.samples.shape[-2:]) == problem.result_size
        assert first.samples.isfinite().all()


class _Losses:
    """Observer that keeps the losses of every step."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def __call__(self, event: Any) -> None:
        if event.kind == "step":
            self.seen += event.losses.values()


def _found(case: ProblemCase, problem: Problem) -> FitResult:
    fit = case.fit(problem)
    fit.advance(_STEPS)
    return fit.found()


def _weights(network: SlotNetwork) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in network.module.named_parameters()}


def _tensors(inputs: Inputs) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors among the inputs by their names."""
    for name in ("picture", "alpha", "mask", "truth", "measured", "guide"):
        value = getattr(inputs, name)
        if value is not None:
            yield name, value


def _assert_same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> None:
    assert list(one) == list(other)
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


def _draws(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
