"""Plans for a number of seconds."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from expected_times import expecting

from nasdip_core.errors import OptionError
from nasdip_core.fit.options import LangevinOptions
from nasdip_core.options import parse
from nasdip_core.pipeline import budget
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.resolved import Resolved, with_steps
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem

CPU = torch.device("cpu")


@pytest.fixture
def request_for(tiny: dict[str, Any], toys: Plugins) -> Any:
    def make(**content: Any) -> Resolved:
        content = {"picture": "sample:camera", "arch": tiny, **content}
        return resolve("denoise", parse(RestoreRequest, content, ""), toys, Path())

    return make


def plan(resolved: Resolved) -> budget.Plan:
    problem = RestorationProblem(torch.full((1, 1, 8, 8), 0.5))
    return budget.plan_for(resolved, problem, None, CPU)  # type: ignore[arg-type]


def test_without_seconds_nothing_is_planned(request_for: Any) -> None:
    resolved = request_for()
    assert plan(resolved).resolved is resolved
    assert plan(resolved).fit_seconds is None


def test_networks_that_are_not_fitted_are_not_in_the_plan(
    request_for: Any, tiny: dict[str, Any], toys: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written of a run has as many networks as fits, and is taken again."""
    three = [{**tiny, "name": name} for name in ("one", "two", "three")]
    with pytest.raises(OptionError, match=r"recipe\.fits' = 2: 3 networks are to be fitted"):
        request_for(arch=three, recipe={"fits": 2})
    resolved = request_for(arch=three, seconds=10, fit={"steps": 1000})
    assert resolved.recipe.fits == 3
    fitted = SimpleNamespace(fits=[SimpleNamespace(iterations=5)] * 2, count=2, cut_off=False)
    expecting(monkeypatch, step=0.006)
    for cut, names in (
        (budget.done_in_time(resolved, fitted), ["one", "two"]),  # type: ignore[arg-type]
        (plan(resolved).resolved, ["one"]),
    ):
        with_ = cut.document("run")["steps"][0]["with"]
        again = resolve("denoise", parse(RestoreRequest, with_, ""), toys, Path())
        assert [each.name for each in (again.arch, *again.companions)] == names
        assert again.recipe.fits == len(names)


def test_time_that_is_left_goes_into_more_fits(
    request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expecting(monkeypatch, step=0.5)
    planned = plan(request_for(seconds=10.6))
    assert planned.resolved.recipe.fits == 5
    assert planned.resolved.fit.steps == 4
    assert planned.resolved.seconds is None
    assert "5 fits of 4 steps" in planned.notes[0]


def test_time_that_lacks_is_taken_from_the_steps(
    request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expecting(monkeypatch, step=0.1)
    planned = plan(request_for(seconds=20.55, fit={"steps": 1000}))
    assert planned.resolved.fit.steps == 200
    assert planned.fit_seconds == pytest.approx(20, abs=0.1)


def test_only_what_follows_the_fits_is_set_aside(
    request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expecting(monkeypatch, step=0.5, refine=2)
    for choice, after in (("last", 2), ("mean", 2), ("blend", 6)):
        words = {"recipe": {"refine": ["blur"], "choice": choice}}
        planned = plan(request_for(seconds=30.5, **words))
        assert planned.fit_seconds == pytest.approx(30 - after, abs=0.1)


def test_a_recipe_that_chooses_still_does_with_fewer_steps(
    request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expecting(monkeypatch, step=0.1, refine=1)
    words = {"recipe": {"refine": ["blur"], "choice": "blend"}, "fit": {"steps": 100}}
    planned = plan(request_for(seconds=11.55, **words))
    assert planned.resolved.recipe.choice == "blend"
    assert planned.resolved.fit.steps == 70


def test_too_little_for_a_network_is_enough_for_a_filter(
    request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expecting(monkeypatch, step=1, refine=2)
    words = {"recipe": {"refine": ["blur"], "choice": "blend"}, "fit": {"steps": 1000}}
    planned = plan(request_for(seconds=5, **words))
    assert planned.resolved.recipe.fits == 0
    assert planned.resolved.recipe.choice == "last"


def test_too_little_for_anything_says_how_much_is_enough(
    request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expecting(monkeypatch, step=3)
    with pytest.raises(OptionError, match=r"--seconds 1 is too little .*; give 3\.5 or more"):
        plan(request_for(seconds=1))


def test_the_best_preset_that_fits_is_taken(
    request_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expecting(monkeypatch, step=1)
    ladder = []
    for name, steps in (("fast", 5), ("balanced", 50), ("best", 500)):
        one = request_for(fit={"steps": steps}, seconds=60)
        ladder.append(replace(one, arch=one.arch.model_copy(update={"name": name})))
    resolved = replace(ladder[1], alternatives=tuple(ladder))
    assert plan(resolved).resolved.arch.name == "balanced"
    short = tuple(replace(one, seconds=40) for one in ladder)
    assert plan(replace(short[1], alternatives=short)).resolved.arch.name == "fast"
    assert plan(replace(short[1], alternatives=short)).resolved.recipe.fits == 7


@pytest.mark.parametrize(("burn_in", "begin"), [(0.0, 0), (0.25, 10), (0.35, 14), (0.9, 17)])
def test_a_fit_that_was_cut_off_is_repeated_with_its_burn_in(
    request_for: Any, burn_in: float, begin: int
) -> None:
    langevin = {"noise": 0.1, "burn_in": burn_in}
    cut = with_steps(request_for(fit={"steps": 40, "langevin": langevin}), 17)
    assert cut.fit.steps == 17
    assert round(cut.fit.langevin.burn_in * 17) == begin
    assert LangevinOptions.model_validate(cut.fit.langevin.model_dump()) == cut.fit.langevin
    assert with_steps(cut, 17).fit == cut.fit
