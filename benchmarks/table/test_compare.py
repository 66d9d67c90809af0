"""Strategies compared on a made-up table."""

from pathlib import Path
from typing import Any

import compare
import numpy as np
import pytest
from made_up import worth
from measured import SPACES, Measured
from replay import Value, make_strategy
from table import Table
from tune import CHOICES, variants
from work import points

from nasdip_core.plugins import Plugins


def test_a_comparison_goes_on_where_it_stopped(
    table: Table, work_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = work_folder / "table.npz"
    contenders = {name: compare.Contender(name, seeds=2) for name in ("random", "evolution")}
    every = compare.units(contenders, ["nas-dip-pattern.bilinear"], table.tasks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare, "CONTENDERS", contenders)
        patch.setattr(compare, "TRIALS", 20)
        patch.setattr(compare, "MARKS", (1, 10, 20))
        patch.setattr(compare, "SHOWN", (10, 20))
        patch.setattr(compare, "JUDGED", 20)
        compare.run(every, file, tmp_path, limit=4)
        assert len(list(tmp_path.glob("*.json.gz"))) == 4
        compare.run(every, file, tmp_path)
        said = capsys.readouterr().out.splitlines()
        assert len(said) == len(list(tmp_path.glob("*.json.gz"))) == 2 * len(table.tasks)
        compare.report(tmp_path, tmp_path / "plot.png")
        said = capsys.readouterr().out.splitlines()
    assert sum("| evolution | 2 |" in line for line in said) == len(table.tasks)
    assert sum("control" in line for line in said) == len(table.tasks)
    assert (tmp_path / "plot.png").stat().st_size > 10_000


@pytest.mark.parametrize("space", SPACES)
def test_what_is_told_was_measured(table: Table, space: str) -> None:
    measured = Measured(table, space, "inpaint")
    cell = next((c for c in table.pattern_cells if space.endswith(f".{c['cell.resample']}")), {})
    names = [decision.name for decision in measured.space.decisions]
    done = 0
    for point in points():
        if point.choices.keys() != {*cell, *names} or not cell.items() <= point.choices.items():
            continue
        choices = {name: point.choices[name] for name in names}
        try:
            found = measured(choices)
        except KeyError:
            continue
        done += 1
        assert found == pytest.approx(worth(point.choices, "inpaint") - 0.5, abs=0.01)
        assert (found <= measured.best).all()
    assert done > 50
    assert measured.space.size == (1175 if space == "nas-dip-cell" else 512)


def test_luck_on_the_picture_that_is_told_gains_nothing(table: Table) -> None:
    measured = Measured(table, "nas-dip-cell", "denoise")
    of_space = [point.choices for point in points()[1:400] if point.space == "nas-dip-cell"]
    rewards = {str(choices): np.array([20.0, 20.0]) for choices in of_space}
    # Each of two networks is lucky on one picture.
    rewards[str(of_space[5])] = np.array([25.0, 19.0])
    rewards[str(of_space[6])] = np.array([18.0, 25.0])

    def search(_space: Any, _sampler: Any, value: Value, _trials: int) -> None:
        for choices in of_space:
            value(choices)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Measured, "__call__", lambda _, choices: rewards[str(choices)])
        patch.setattr(measured, "best", np.array([25.0, 25.0]))
        patch.setattr(compare, "search", search)
        patch.setattr(compare, "MARKS", (1, 200))
        random = make_strategy("random", {}, Plugins.discover())
        assert compare.regrets(random, measured, seed=0).tolist() == [[5.0, 5.0], [6.0, 0.0]]
        assert compare.regrets(random, measured, seed=1).tolist() == [[5.0, 5.0], [7.0, 0.0]]


def test_nothing_is_compared_where_nothing_was_run(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="run it first"):
        compare.report(tmp_path, None)


def test_variants_are_all_different_and_the_first_are_the_defaults() -> None:
    found = variants()
    assert [found[f"{name}-00"].options for name in CHOICES] == [{}, {}, {}]
    for strategy in CHOICES:
        of_it = [str(one.options) for one in found.values() if one.strategy == strategy]
        assert len(set(of_it)) == len(of_it) > 5
    for name, contender in found.items():
        assert name.startswith(contender.strategy)
        make_strategy(contender.strategy, contender.options, Plugins.discover())
