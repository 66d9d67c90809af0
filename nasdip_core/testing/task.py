"""What a `task` plugin has to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from nasdip_core.errors import NasdipError
from nasdip_core.options import Options
from nasdip_core.problem import Problem, Step
from nasdip_core.task import Damaged, Inputs, Task, TaskOptions

MakeStep = Callable[[Problem, Tensor], Step]


@dataclass(frozen=True, slots=True)
class TaskCase:
    """A task, and a clean picture that it damages and restores."""

    task: Task[Any, Any]
    options: TaskOptions
    """Those that suit the damage; they leave nothing to be estimated from the picture."""
    corruption: Options
    clean: Tensor
    """(1, C, H, W) in [0, 1]; the smaller the faster, 16 pixels a side are enough."""
    loss: tuple[float, float] = (0.0, 1e-6)
    """Between what the loss lies where the network gives the truth: (0.8, 1.2) for noise, say."""
    spared: tuple[tuple[int, int], ...] = ()
    """Rows and columns of samples that a small change makes something else, such as saturated."""

    def damage(self, seed: int = 0) -> Damaged:
        """Return the clean picture damaged."""
        return self.task.corrupt(self.clean, self.corruption, _draws(seed))

    def inputs(self) -> Inputs:
        """Return what the task is given after the damage."""
        damaged = self.damage()
        mask = None if damaged.mask is None else damaged.mask.float()
        return Inputs(
            picture=damaged.picture,
            mask=mask,
            truth=damaged.truth,
            measured=damaged.measured,
            guide=damaged.guide,
        )

    def problem(self, inputs: Inputs | None = None) -> Problem:
        """Return the task's problem, by default that of the damaged picture."""
        problem: Problem = self.task.problem(inputs or self.inputs(), self.options, _draws(1))
        return problem


class TaskConformance:
    """Inherit, and return a TaskCase from the fixture `case`.

    Made for tasks whose networks all say what the truth is. A problem with other networks
    overrides `outputs`.
    """

    def outputs(self, problem: Problem, picture: Tensor) -> Mapping[str, Tensor]:
        """Return what each network would say if the restored picture were `picture`."""
        return dict.fromkeys(problem.slots, picture)

    @pytest.fixture
    def step(self) -> MakeStep:
        """Return what makes a step whose networks say that the result is a given picture."""

        def make(problem: Problem, picture: Tensor) -> Step:
            outputs = self.outputs(problem, picture)
            return Step(1, {}, outputs.__getitem__, problem.batch(1, _draws(2)), _draws(3))

        return make

    def test_options_say_what_the_task_needs(self, case: TaskCase) -> None:
        """Architecture, damage and demonstration are named, and what a damage implies is valid."""
        model = type(case.options)
        assert isinstance(model.architecture, str)
        assert isinstance(case.corruption, model.Corruption)
        assert isinstance(model.demonstration["picture"], str)
        demonstrated = model.Corruption.model_validate(model.demonstration["corrupt"])
        for corruption in (case.corruption, demonstrated, model.Corruption()):
            model.model_validate(dict(model.implied(corruption)))

    def test_damage_fits_together(self, case: TaskCase) -> None:
        """Channels and range are right, and the truth is the clean picture's part at `corner`."""
        damaged = case.damage()
        (top, left), (height, width) = damaged.corner, damaged.truth.shape[-2:]
        part = case.clean[..., top : top + height, left : left + width]
        assert torch.equal(damaged.truth, part)
        assert damaged.picture.shape[:2] == case.clean.shape[:2]
        _assert_in_range(damaged.picture)
        if damaged.mask is not None:
            assert damaged.mask.dtype == torch.bool
            assert damaged.mask.shape == (1, 1, *damaged.picture.shape[-2:])

    def test_damage_is_drawn_by_the_generator(self, case: TaskCase) -> None:
        """Equal seeds give equal damage; clean picture and global generator stay as they are."""
        before, state = case.clean.clone(), torch.get_rng_state()
        damages = case.damage(), case.damage()
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.equal(case.clean, before)
        for name in ("picture", "mask", "measured", "guide"):
            first, second = (getattr(damage, name) for damage in damages)
            assert (first is None) == (second is None), name
            assert first is None or torch.equal(first, second), name

    def test_loss_knows_the_truth(self, case: TaskCase, step: MakeStep) -> None:
        """The truth's loss is as low as the case says, and that of another picture is higher."""
        problem, truth = case.problem(), case.damage().truth
        least, most = case.loss
        loss = _loss(problem, step(problem, truth))
        assert least <= loss <= most
        assert _loss(problem, step(problem, 1 - truth)) > most

    def test_loss_leads_to_the_networks(self, case: TaskCase, step: MakeStep) -> None:
        """Every loss is a finite scalar with a gradient by what the networks say."""
        problem = case.problem()
        guess = _other(case.damage().truth).requires_grad_()
        made = step(problem, guess)
        for player in problem.active(1):
            loss = player.loss(made)
            assert loss.shape == ()
            assert loss.isfinite()
            (gradient,) = torch.autograd.grad(loss, guess, retain_graph=True)
            assert gradient.isfinite().all()
            assert gradient.abs().sum() > 0

    def test_never_reads_the_truth(self, case: TaskCase, step: MakeStep) -> None:
        """With another truth, or none, loss, validation, result and notes are the same."""
        inputs = case.inputs()
        assert inputs.truth is not None
        guess = _other(inputs.truth)
        judged, results = [], []
        for truth in (inputs.truth, 1 - inputs.truth, None):
            problem = case.problem(replace(inputs, truth=truth))
            problem.hold_out(0.3, _draws(4))
            made = step(problem, guess)
            estimate = problem.estimate(made)
            judged.append((_loss(problem, made), problem.validation(estimate), problem.notes))
            results.append([rendered.samples for rendered in problem.render(estimate).values()])
        assert judged[0] == judged[1] == judged[2]
        assert judged[0][1] is not None
        for result in results[1:]:
            for one, other in zip(results[0], result, strict=True):
                assert torch.equal(one, other)

    def test_measures_are_of_the_truth(self, case: TaskCase, step: MakeStep) -> None:
        """PSNR is higher for the truth than for another picture; without a truth there is none."""
        inputs = case.inputs()
        assert inputs.truth is not None
        problem = case.problem(inputs)
        right, wrong = (
            problem.measures(problem.estimate(step(problem, picture)))["psnr"]
            for picture in (inputs.truth, 1 - inputs.truth)
        )
        assert right > wrong
        blind = case.problem(replace(inputs, truth=None))
        assert blind.measures(blind.estimate(step(blind, inputs.truth))) == {}

    def test_nothing_is_judged_without_holding_out(self, case: TaskCase, step: MakeStep) -> None:
        """Before `hold_out` there is no validation."""
        problem = case.problem()
        assert problem.validation(problem.estimate(step(problem, case.damage().truth))) is None

    def test_what_is_held_out_is_in_no_loss(self, case: TaskCase, step: MakeStep) -> None:
        """Each measured sample changes the loss or the validation, not both; some change each.

        Pixels at an end of the range stay out: there a task may see more than a sample, such as
        an impulse.
        """
        inputs = case.inputs()
        assert inputs.truth is not None
        guess = _other(inputs.truth)

        measured = inputs.picture if inputs.measured is None else inputs.measured

        def judged(samples: Tensor) -> tuple[float, float | None]:
            changed = replace(inputs, picture=samples)
            if inputs.measured is not None:
                changed = replace(inputs, measured=samples)
            problem = case.problem(changed)
            problem.hold_out(0.3, _draws(4))
            made = step(problem, guess)
            return _loss(problem, made), problem.validation(problem.estimate(made))

        loss, validation = judged(measured)
        fitted = kept_back = 0
        inner, change = ((measured > 0.02) & (measured < 0.98)).all(dim=1)[0], 0.01
        if inputs.measured is not None:
            inner, change = torch.ones_like(inner), float(measured.std())
        for y, x in inner.nonzero().tolist():
            if (y, x) in case.spared:
                continue
            changed = measured.clone()
            changed[..., y, x] += change
            other_loss, other_validation = judged(changed)
            assert other_loss == loss or other_validation == validation, f"pixel ({y}, {x})"
            fitted += other_loss != loss
            kept_back += other_validation != validation
        assert fitted > 0
        assert kept_back > 0

    def test_result_has_the_declared_form(self, case: TaskCase, step: MakeStep) -> None:
        """Samples in [0, 1] of the first slot's size, whatever the networks say."""
        problem, truth = case.problem(), case.damage().truth
        size = problem.result_size
        assert size == truth.shape[-2:]
        estimate = problem.estimate(step(problem, 3 * _other(truth) - 1))
        rendered = problem.render(estimate)
        assert rendered
        for output in rendered.values():
            channels = output.samples.shape[1] if output.own else truth.shape[1]
            assert output.own or output.samples.shape == (1, channels, *size)
            assert not output.own or channels in (1, 3)
            _assert_in_range(output.samples)
            if output.alpha is not None:
                assert output.alpha.shape == (1, 1, *size)
                _assert_in_range(output.alpha)

    def test_only_undamaged_samples_are_copied(self, case: TaskCase, step: MakeStep) -> None:
        """Where samples are marked to be copied, the damaged picture is the clean one."""
        problem, damaged = case.problem(), case.damage()
        for output in problem.render(problem.estimate(step(problem, damaged.truth))).values():
            if output.known is None:
                continue
            assert output.known.dtype == torch.bool
            assert output.known.shape == (1, 1, *damaged.picture.shape[-2:])
            assert output.known.any()
            where = output.known.expand_as(damaged.picture)
            assert torch.equal(damaged.picture[where], damaged.truth[where])

    def test_leaves_its_inputs_alone(self, case: TaskCase, step: MakeStep) -> None:
        """Neither the problem nor its use changes picture, mask or truth."""
        inputs, before = case.inputs(), case.inputs()
        assert inputs.truth is not None
        assert before.truth is not None
        problem = case.problem(inputs)
        problem.hold_out(0.3, _draws(4))
        made = step(problem, _other(inputs.truth))
        _loss(problem, made)
        problem.render(problem.estimate(made))
        assert torch.equal(inputs.picture, before.picture)
        assert torch.equal(inputs.truth, before.truth)
        if inputs.mask is not None and before.mask is not None:
            assert torch.equal(inputs.mask, before.mask)

    def test_moves_and_resumes(self, case: TaskCase, step: MakeStep) -> None:
        """`to` and the state of a checkpoint change nothing."""
        problem, again = case.problem(), case.problem()
        for one in (problem, again):
            one.hold_out(0.3, _draws(4))
        again.to(torch.device("cpu"))
        again.load_state_dict(problem.state_dict())
        guess = _other(case.damage().truth)
        first, second = step(problem, guess), step(again, guess)
        assert _loss(problem, first) == _loss(again, second)
        assert problem.validation(problem.estimate(first)) == again.validation(
            again.estimate(second)
        )
        # A device without samples, which every machine has: nothing that was moved stays behind.
        again.to(torch.device("meta"))
        tensors = {name: value for name, value in vars(again).items() if isinstance(value, Tensor)}
        assert [name for name, value in tensors.items() if value.device.type != "meta"] == []

    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 2), (5, 3), (16, 16)])
    @pytest.mark.parametrize("flat", [False, True], ids=["any", "flat"])
    def test_takes_any_picture_or_refuses(
        self,
        case: TaskCase,
        step: MakeStep,
        size: tuple[int, int],
        channels: int,
        flat: bool,
    ) -> None:
        """Pictures from one pixel on, flat ones, too, give finite losses; or NasdipError says why.

        Pictures of 16 x 16 may not be refused.
        """
        shape = (1, channels, *size)
        clean = torch.full(shape, 0.5) if flat else torch.rand(shape, generator=_draws(5))
        small = replace(case, clean=clean)
        try:
            problem, truth = small.problem(), small.damage().truth
        except NasdipError:
            assert size != (16, 16)
            return
        made = step(problem, _other(truth))
        assert torch.tensor(_loss(problem, made)).isfinite()
        output = next(iter(problem.render(problem.estimate(made)).values()))
        assert output.samples.shape == truth.shape
        _assert_in_range(output.samples)


def _draws(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _other(picture: Tensor) -> Tensor:
    """Return a picture of the same shape that has nothing to do with it."""
    return torch.rand(picture.shape, generator=_draws(6))


def _loss(problem: Problem, step: Step) -> float:
    """Return the sum of the players' losses."""
    return float(sum(player.loss(step).detach() for player in problem.active(1)))


def _assert_in_range(samples: Tensor) -> None:
    assert samples.isfinite().all()
    assert samples.min() >= 0
    assert samples.max() <= 1
