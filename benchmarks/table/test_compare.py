"""Strategies compared on a made-up table."""

from pathlib import Path
from typing import Any

import compare
import contests
import numpy as np
import pytest
import tune
from contests import SEEDS
from judging import beats, gain, gains, of_pictures, ranks, told
from made_up import worth
from measured import SPACES, Measured
from replay import Value, make_strategy, whole_options
from table import Table
from work import points

from nasdip_core.plugins import Plugins


def shorten(patch: pytest.MonkeyPatch, trials: int, marks: tuple[int, ...]) -> None:
    """Let searches be so short; they are judged at the last mark."""
    patch.setattr(contests, "TRIALS", trials)
    for module in (contests, compare, tune):
        patch.setattr(module, "MARKS", marks)
        patch.setattr(module, "JUDGED", marks[-1])
    patch.setattr(compare, "SHOWN", marks[1:])


def test_a_comparison_goes_on_where_it_stopped(
    table: Table, work_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = work_folder / "table.npz"
    contenders = [contests.Contender(n, range(2)) for n in ("random", "evolution")]
    every = contests.units(contenders, ["nas-dip-pattern.bilinear"], table.tasks)
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch, 20, (1, 10, 20))
        contests.run(every, file, tmp_path, limit=4)
        assert len(list(tmp_path.glob("*.json.gz"))) == 4
        contests.run(every, file, tmp_path)
        said = capsys.readouterr().out.splitlines()
        assert len(said) == len(list(tmp_path.glob("*.json.gz"))) == 2 * len(table.tasks)
        compare.report(every, file, tmp_path, tmp_path / "plot.png")
        said = capsys.readouterr().out.splitlines()
    assert sum("| evolution | 2 |" in line for line in said) == len(table.tasks)
    assert sum("control" in line for line in said) == len(table.tasks)
    assert sum("but denoise" in line for line in said) == 1
    assert (tmp_path / "plot.png").stat().st_size > 10_000


@pytest.mark.usefixtures("table")
def test_a_run_of_something_else_is_made_anew_and_not_reported(
    work_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = work_folder / "table.npz"

    def units(name: str, seeds: int) -> list[contests.Unit]:
        return contests.units(
            [contests.Contender(name, range(seeds))], ["nas-dip-cell"], ["inpaint"]
        )

    def made(name: str, seeds: int, trials: int = 5) -> int:
        """Run, and return how many files were made."""
        shorten(monkeypatch, trials, (1, 5))
        contests.run(units(name, seeds), file, tmp_path)
        found = contests.collected(units(name, seeds), file, tmp_path)
        assert found["nas-dip-cell", "inpaint"][name].seeds == list(range(seeds))
        return len(capsys.readouterr().out.splitlines())

    assert [made("random", 2), made("random", 2)] == [1, 0]
    assert [made("random", 3), made("random", 3, trials=6)] == [1, 1]
    assert made("evolution:sample=2", 2) == 1
    with pytest.raises(ValueError, match="run it first"):
        contests.collected([*units("random", 2), *units("evolution", 2)], file, tmp_path)


def test_options_are_told_in_the_name() -> None:
    contender, plugins = contests.contender("evolution:population=40,sample=2"), Plugins.discover()
    assert contender.strategy == "evolution"
    assert contender.options == {"population": "40", "sample": "2"}
    plain, same = (
        contests.Unit("nas-dip-cell", "denoise", contests.contender(name), range(20))
        for name in ("evolution", "evolution:population=20")
    )
    assert plain.key("", plugins) == same.key("", plugins)
    assert plain.key("", plugins)["options"] == {"population": 20, "sample": 20}
    with pytest.raises(ValueError, match="not among"):
        contests.contender("annealing")


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


def test_luck_on_the_picture_that_is_told_gains_nothing_on_the_other(table: Table) -> None:
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
        patch.setattr(contests, "search", search)
        patch.setattr(contests, "MARKS", (1, 200))
        random = make_strategy("random", {}, Plugins.discover())
        assert contests.regrets(random, measured, seed=0).tolist() == [[5.0, 5.0], [0.0, 6.0]]
        assert contests.regrets(random, measured, seed=1).tolist() == [[5.0, 5.0], [0.0, 7.0]]


def test_a_run_is_held_against_those_of_its_own_picture() -> None:
    generator = np.random.default_rng(0)
    # On the second picture everything is a hundred times worse.
    theirs = [generator.uniform(1, 2, 40), generator.uniform(100, 200, 40)]
    ours = [one * 0.4 for one in theirs]
    chance, p = beats(ours, theirs)
    assert chance == 1.0
    assert p < 1e-6
    assert gain(ours, theirs) == pytest.approx(0.6)
    mean, low, high = gains([(ours, theirs)] * 3, generator)
    assert low < mean < high
    assert low > 0.5
    assert high < 0.7
    mean, low, high = gains([([one[:19] for one in ours], theirs)], generator)
    assert mean > 0.5
    assert np.isnan([low, high]).all()
    assert told((mean, low, high)).endswith("(too few runs for an interval)")
    assert beats(theirs, theirs) == (0.5, 1.0)
    nothing = [np.zeros(40), np.full(40, 0.002)]
    assert gain(nothing, nothing) == 0.0
    assert [list(runs) for runs in of_pictures(np.arange(4.0), [0, 1, 2, 3])] == [[0, 2], [1, 3]]


def test_equal_regrets_have_equal_ranks() -> None:
    assert ranks(np.array([[0.0, 0.0, 1.0], [2.0, 0.0, 1.0]])).tolist() == [2.25, 1.25, 2.5]


def test_nothing_is_compared_where_nothing_was_run(work_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="run it first"):
        compare.report([], work_folder / "table.npz", tmp_path, None)


def test_variants_are_all_different_and_the_first_are_the_defaults() -> None:
    found, plugins = tune.variants(), Plugins.discover()
    for strategy in tune.CHOICES:
        of_it = [one for one in found if one.strategy == strategy]
        assert of_it[0].options == {}
        assert len({whole_options(strategy, one.options, plugins) for one in of_it}) == len(of_it)
        assert 5 < len(of_it) <= tune.DRAWS
    assert not {seed for one in found for seed in one.seeds} & set(range(max(SEEDS.values())))


@pytest.mark.usefixtures("table")
def test_variants_are_held_against_the_default(
    work_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tune, "CHOICES", {"local-search": {"starts": [1, 10]}})
    monkeypatch.setattr(tune, "SEEDS", range(1000, 1002))
    shorten(monkeypatch, 5, (1, 5))
    contests.run(tune.tuning(), work_folder / "table.npz", tmp_path)
    capsys.readouterr()
    tune.report(work_folder / "table.npz", tmp_path)
    said = capsys.readouterr().out
    assert "local-search: 2 variants, 2 of them run in all spaces" in said
    assert sum(line.endswith("| default |") for line in said.splitlines()) == 1
    assert "| local-search:starts=1 |" in said
