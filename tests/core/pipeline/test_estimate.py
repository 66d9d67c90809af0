"""What a run will take, for problems that have no parts or lose their border."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from nasdip_core.architecture.cost import Cost
from nasdip_core.errors import OptionError
from nasdip_core.fit.networks import cost_in
from nasdip_core.operators import Identity, Operator
from nasdip_core.options import parse
from nasdip_core.pipeline import estimate as module
from nasdip_core.pipeline.budget import _shortened
from nasdip_core.pipeline.estimate import Estimate, choose_tile, estimate, timed_part
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.resolved import Resolved
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem

CPU = torch.device("cpu")


class Whole(Operator):
    """y = x, of which nobody has said what a part is."""

    def forward(self, picture: Tensor) -> Tensor:
        return picture


def resolved(plugins: Plugins, arch: dict[str, Any], **words: Any) -> Resolved:
    content = {"picture": "a.png", "arch": arch, **words}
    return resolve("denoise", parse(RestoreRequest, content, ""), plugins, Path())


def test_filters_of_an_operator_without_parts_are_timed_on_the_whole(
    toys: Plugins, tiny: dict[str, Any]
) -> None:
    problem = RestorationProblem(torch.rand(1, 3, 20, 24), operator=Whole())
    problem.hold_out(0.1, torch.Generator().manual_seed(0))
    fitted = problem.fitted.clone()
    asked = resolved(toys, tiny, recipe={"refine": ["blur"]})
    assert estimate(asked, problem, toys, CPU, anew=True).refine_seconds > 0
    assert torch.equal(problem.fitted, fitted)


class TestMargin:
    def problem(self, reach: int) -> RestorationProblem:
        size = (1500, 1500)
        inner = size[0] - 2 * reach
        return RestorationProblem(
            torch.zeros(1, 1, inner, inner), size=size, margin=(reach, reach), operator=Identity()
        )

    def test_a_wide_one_makes_large_tiles(self, toys: Plugins, tiny: dict[str, Any]) -> None:
        asked = resolved(toys, tiny)
        assert choose_tile(asked, self.problem(10), toys, CPU) == 512
        assert choose_tile(asked, self.problem(200), toys, CPU) == 800

    def test_tiles_that_are_nothing_else_are_refused(
        self, toys: Plugins, tiny: dict[str, Any]
    ) -> None:
        asked = resolved(toys, tiny, tile=32)
        with pytest.raises(OptionError, match="take tile=80 or more"):
            estimate(asked, self.problem(20), toys, CPU)


def test_what_has_no_parts_stays_whole_and_is_not_asked_for_in_tiles(
    toys: Plugins, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LARGEST_WHOLE", 100)
    monkeypatch.setattr(module, "_LARGEST_TILE", 64)
    whole, cut = (
        RestorationProblem(torch.rand(1, 3, 96, 80), operator=operator)
        for operator in (Whole(), Identity())
    )
    assert choose_tile(resolved(toys, tiny), whole, toys, CPU) is None
    assert choose_tile(resolved(toys, tiny), cut, toys, CPU) == 64
    with pytest.raises(OptionError, match="cannot be done in tiles"):
        choose_tile(resolved(toys, tiny, tile=32), whole, toys, CPU)
    monkeypatch.setattr(module, "memory_at_hand", lambda _: 1)
    with pytest.raises(OptionError, match="cannot be done in tiles"):
        choose_tile(resolved(toys, tiny), whole, toys, CPU)


def test_what_earlier_pictures_had_does_not_count_for_the_next(
    toys: Plugins, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same picture is whole or in tiles, wherever in a folder it comes."""
    monkeypatch.setattr(module, "_LARGEST_TILE", 64)
    monkeypatch.setattr(module, "resident_memory_bytes", lambda: 0)
    problem = RestorationProblem(torch.rand(1, 3, 96, 80), operator=Identity())
    needed = estimate(resolved(toys, tiny), problem, toys, CPU).memory_bytes
    for resident in (0, 10**9):
        monkeypatch.setattr(module, "resident_memory_bytes", lambda value=resident: value)
        for free, side in ((needed, None), (needed - 1, 64)):
            monkeypatch.setattr(module, "memory_at_hand", lambda _, value=free: value)
            assert choose_tile(resolved(toys, tiny), problem, toys, CPU) == side


def test_filters_are_timed_where_they_have_something_to_do() -> None:
    """A hole in a corner of a large picture takes no longer than that of a small one."""
    known = torch.ones(1, 1, 300, 400, dtype=torch.bool)
    picture = torch.rand(1, 3, 300, 400)
    tile, pixels = timed_part(RestorationProblem(picture))
    assert ((tile.top, tile.left), pixels) == ((102, 152), 300 * 400)
    known[..., 290:295, 10:20] = False
    tile, pixels = timed_part(RestorationProblem(picture, known=known))
    assert not tile.cut(known).all()
    assert (tile.height, tile.width, pixels) == (96, 96, 96 * 96)
    scattered = torch.rand(1, 1, 300, 400, generator=torch.Generator().manual_seed(0)) < 0.5
    tile, pixels = timed_part(RestorationProblem(picture, known=scattered))
    assert pixels == 300 * 400
    assert 0.4 < tile.cut(scattered).float().mean() < 0.6


@pytest.mark.parametrize("side", [256, 300, 700])
def test_tiles_are_as_small_as_the_memory_needs(
    side: int, toys: Plugins, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = RestorationProblem(torch.zeros(1, 3, side, side), operator=Identity())
    asked = resolved(toys, tiny)

    def takes(pixels: int) -> int:
        cost = cost_in(problem.slots["picture"], asked.arch.architecture, toys, (pixels, pixels))
        return module._of_fit(cost) + module._pictures(problem)

    monkeypatch.setattr(module, "memory_at_hand", lambda _: takes(130))
    assert choose_tile(asked, problem, toys, CPU) == 128
    monkeypatch.setattr(module, "memory_at_hand", lambda _: takes(10))
    assert choose_tile(asked, problem, toys, CPU) == 64, "no smaller, whatever it takes"


def test_a_run_without_fits_has_no_network_to_find_room_for(
    toys: Plugins, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = RestorationProblem(torch.rand(1, 3, 96, 80), operator=Identity())
    alone = resolved(toys, tiny, recipe={"refine": ["blur"], "fits": 0})
    with_fit = estimate(resolved(toys, tiny), problem, toys, CPU).memory_bytes
    assert estimate(alone, problem, toys, CPU).memory_bytes < with_fit
    monkeypatch.setattr(module, "memory_at_hand", lambda _: module._pictures(problem))
    assert choose_tile(alone, problem, toys, CPU) is None
    assert choose_tile(resolved(toys, tiny), problem, toys, CPU) == 64


def test_no_fit_is_planned_where_none_is_asked_for(toys: Plugins, tiny: dict[str, Any]) -> None:
    """However slow a filter was once."""
    alone = resolved(toys, tiny, recipe={"refine": ["blur"], "fits": 0}, seconds=9)
    slow = Estimate(Cost(1, 1, 1), 1, 0.001, 100.0, 100.0, None, 1)
    with pytest.raises(OptionError, match="--seconds 9 is too little"):
        _shortened(alone, slow, 9.0)
    assert _shortened(alone, replace(slow, refine_seconds=5.0), 9.0).resolved.recipe.fits == 0
