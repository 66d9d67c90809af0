"""Strategies compared on a made-up table."""

from pathlib import Path

import compare
import pytest
from replay import make_strategy
from table import Table
from tune import CHOICES, variants

from nasdip_core.plugins import Plugins


def test_a_comparison_goes_on_where_it_stopped(
    table: Table, work_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = work_folder / "table.npz"
    contenders = {name: compare.Contender(name, seeds=2) for name in ("random", "evolution")}
    every = compare.units(contenders, ["nas-dip"], table.tasks)
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
