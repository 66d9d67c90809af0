"""Every baseline keeps its contract, and the contract's class catches those that do not."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from nasdip_core.baseline import Baseline
from nasdip_core.factorization import FactorizationProblem, Layout
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Inputs
from nasdip_core.testing import BaselineConformance
from nasdip_core.testing.baseline import MakeProblem
from nasdip_tasks.operators.blur import Blur
from nasdip_tasks.translate.problem import TranslationProblem

PLUGINS = Plugins.discover()
DAMAGED: dict[str, tuple[str, dict[str, Any]]] = {
    "chan-vese": ("segment", {}),
    "dark-channel": ("dehaze", {}),
    "guided-filter": ("flash", {}),
    "shared-gradient": ("separate", {"shared": "watermark"}),
    "shifted-jpeg": ("jpeg", {}),
    "sparse-mixtures": ("separate", {}),
}
"""Baselines, and the tasks whose damage is all that they need."""


def of_task(task: str) -> list[str]:
    """Return the built-in baselines that serve a task."""
    return [
        r.offer.name
        for r in PLUGINS.registrations("baseline")
        if r.distribution == "nasdip" and task in r.resolve().tasks
    ]


def draws() -> torch.Generator:
    return torch.Generator().manual_seed(0)


class _Named(BaselineConformance):
    @pytest.fixture
    def baseline(self, name: str) -> Baseline[Any]:
        made: Baseline[Any] = PLUGINS.create("baseline", name)
        return made


@pytest.mark.parametrize("name", of_task("denoise"))
class TestDenoisers(_Named):
    pass


@pytest.mark.parametrize("name", of_task("super-resolution"))
class TestEnlargers(_Named):
    @pytest.fixture
    def problem_of(self) -> MakeProblem:
        def make(clean: Tensor, truth: Tensor | None) -> RestorationProblem:
            size = (int(clean.shape[-2]), int(clean.shape[-1]))
            operator = PLUGINS.create("operator", "area", size, 4)
            return RestorationProblem(
                operator.forward(clean), operator=operator, size=size, truth=truth
            )

        return make


@pytest.mark.parametrize("name", of_task("deblur"))
class TestDeblurring(_Named):
    @pytest.fixture
    def problem_of(self) -> MakeProblem:
        blur = Blur(torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16)

        def make(clean: Tensor, truth: Tensor | None) -> RestorationProblem:
            around = F.pad(clean, (1, 1, 1, 1), mode="replicate")
            size = (int(around.shape[-2]), int(around.shape[-1]))
            measured = blur.forward(around)
            measured = measured + 0.02 * torch.randn(measured.shape, generator=draws())
            return RestorationProblem(
                measured,
                size=size,
                margin=(1, 1),
                operator=blur,
                deviation=lambda _: 0.02,
                truth=truth,
            )

        return make


@pytest.mark.parametrize("name", of_task("factorize"))
class TestCompletion(_Named):
    @pytest.fixture
    def problem_of(self) -> Any:
        def make(clean: Tensor, truth: Tensor | None) -> FactorizationProblem:
            channels, height, width = (int(side) for side in clean.shape[1:])
            sides = ((height, 1), (1, width)) if channels == 1 else ((height, width), (1, channels))
            known = torch.rand(clean.shape, generator=draws()) > 0.33
            layout = Layout((channels, height, width), *sides)
            seen = torch.where(known, clean, 0)
            return FactorizationProblem(seen, known, layout, rank=3, draws=draws(), truth=truth)

        return make


@pytest.mark.parametrize("name", DAMAGED)
class TestOfDamage(_Named):
    @pytest.fixture
    def problem_of(self, name: str) -> MakeProblem:
        def make(clean: Tensor, truth: Tensor | None) -> Any:
            task_name, given = DAMAGED[name]
            model: Any = PLUGINS.find("task", task_name).options()
            task = PLUGINS.create("task", task_name, PLUGINS)
            damage = parse(model.Corruption, given, "corrupt")
            made = task.corrupt(clean, damage, draws())
            options = parse(model, dict(model.implied(damage)), "task")
            inputs = Inputs(made.picture, guide=made.guide, truth=truth)
            return task.problem(inputs, options, draws())

        return make


class _Wanted(TranslationProblem):
    """Wants the colours of one other picture."""

    def wanted(self) -> Iterator[Tensor]:
        yield torch.rand(1, 3, 8, 8, generator=draws()) ** 2


@pytest.mark.parametrize("name", of_task("translate"))
class TestTranslation(_Named):
    @pytest.fixture
    def problem_of(self) -> Any:
        return lambda clean, truth: _Wanted(clean, {}, [], truth=truth)

    @pytest.mark.parametrize("channels", [3])
    @pytest.mark.parametrize("size", [(8, 8), (16, 24)], ids=str)
    def test_returns_a_picture(
        self, baseline: Any, problem_of: Any, size: tuple[int, int], channels: int
    ) -> None:
        """In colour, whatever the picture was."""
        super().test_returns_a_picture(baseline, problem_of, size, channels)


def test_nothing_is_left_out() -> None:
    tasks = ("denoise", "super-resolution", "deblur", "factorize", "translate")
    tested = set(DAMAGED).union(*map(of_task, tasks))
    assert tested == {
        r.offer.name for r in PLUGINS.registrations("baseline") if r.distribution == "nasdip"
    }


class Filling(Baseline[RestorationProblem]):
    """The mean of what is known where nothing is; the base of the broken one."""

    tasks: ClassVar[frozenset[str]] = frozenset({"inpaint"})
    fills: ClassVar[bool] = True

    def restore(self, problem: RestorationProblem) -> Tensor:
        known = problem.known.expand_as(problem.measured)
        return torch.where(known, problem.measured, problem.measured[known].mean())


class Pretending(Filling):
    """Says that it fills, and takes what lies there for measured."""

    def restore(self, problem: RestorationProblem) -> Tensor:
        return problem.measured.lerp(super().restore(problem), 0.5)


class TestFilling(BaselineConformance):
    @pytest.fixture
    def baseline(self) -> Baseline[RestorationProblem]:
        return Filling()

    def test_a_broken_one_is_caught(self, problem_of: MakeProblem) -> None:
        with pytest.raises(AssertionError):
            self.test_fills_what_is_missing(Pretending(), problem_of)
