"""What a run will take, for problems that have no parts or lose their border."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from nasdip_core.errors import OptionError
from nasdip_core.operators import Identity, Operator
from nasdip_core.options import parse
from nasdip_core.pipeline import estimate as module
from nasdip_core.pipeline.estimate import choose_tile, estimate, timed_part
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
