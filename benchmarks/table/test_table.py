"""Run by hand: pytest benchmarks/table -o pythonpath=benchmarks/table"""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from fits import TASKS, Fits
from made_up import record, worth
from make import claimed
from pack import pack, read
from replay import Rewards, make_strategy, regrets, search
from report import made, rows, side_by_side
from spectra import bandwidth, strip_distance, strip_mse
from surrogate import Surrogate
from table import Table
from work import FOUR_HOURS, SETTINGS, Setting, places_of, points, shards, spaces

from nasdip_core.architecture.named import find_architecture
from nasdip_core.plugins import Plugins


def test_points_are_all_cells_and_patterns_and_some_joint_ones() -> None:
    kinds = [point.space for point in points()]
    assert kinds.count("nas-dip-cell") == spaces(16)["nas-dip-cell"].size == 1175
    assert kinds.count("nas-dip") == 2 * 512 + 256
    assert len({(p.space, *p.choices.values()) for p in points()}) == len(points())
    assert all(spaces(16)[p.space].canonical(p.choices) == p.choices for p in points())


def test_shards_hold_every_point_once_and_parts_grow_together() -> None:
    found = shards(FOUR_HOURS)
    for name in FOUR_HOURS:
        places = [place for shard in found if shard.part == name for place in shard.points]
        assert places == list(places_of(name))
    assert {shard.part for shard in found[:60]} == set(FOUR_HOURS)


def test_a_shard_is_made_by_one_process(tmp_path: Path) -> None:
    file = tmp_path / "main-000.json.gz"
    with claimed(file) as first, claimed(file) as second:
        assert (first, second) == (True, False)
    with claimed(file) as later:
        assert later


def test_rewards_are_what_was_packed(table: Table) -> None:
    choices = points()[5].choices
    reward = worth(choices, "inpaint")
    assert table.reward("inpaint", choices) == pytest.approx(reward, abs=0.01)
    assert table.reward("inpaint", choices, iterations=1) == pytest.approx(reward - 5, abs=0.01)
    assert table.reward("inpaint", choices, [1], [0], measure="stopped") == pytest.approx(
        reward - 0.5, abs=0.01
    )
    space, place = table.find(choices)
    assert table.points(space)[place] == choices
    assert table.costs(space)[place].tolist() == [1005, 10**7, 3 * 10**6 + 5, 10**9]


def test_what_was_not_run_is_an_error(table: Table) -> None:
    with pytest.raises(KeyError, match="not all"):
        table.reward("denoise", points()[0].choices)
    with pytest.raises(KeyError, match="not all"):
        table.reward("denoise", points()[600].choices)
    with pytest.raises(KeyError, match="not in the table"):
        table.reward("denoise", {"cell.resample": "bicubic"})
    with pytest.raises(KeyError, match="7 iterations"):
        table.reward("denoise", points()[5].choices, iterations=7)


def test_the_surrogate_finds_what_decisions_are_worth(table: Table) -> None:
    surrogate = Surrogate(table, "inpaint")
    left_out = surrogate.left_out - surrogate.rewards
    assert np.sqrt(np.mean(left_out**2)) < 0.5 * surrogate.rewards.std()
    # The closed form is that of a fit without the point.
    known = {table.find(p.choices) for p in points()[:400]}
    new = [
        p.choices for p in points() if p.space == "nas-dip" and table.find(p.choices) not in known
    ]
    errors = [surrogate.predict(each) - (worth(each, "inpaint") - 0.5) for each in new[:50]]
    assert np.sqrt(np.mean(np.square(errors))) < 0.5 * surrogate.rewards.std()


def test_random_search_on_the_table(table: Table) -> None:
    torch.set_num_threads(1)
    strategy = make_strategy("random", {}, Plugins.discover())
    rewards = Rewards(table, "nas-dip", "inpaint")
    found = regrets(strategy, "nas-dip", rewards, trials=15, seeds=range(2))
    assert found.shape == (2, 15)
    assert (np.diff(found, axis=1) <= 0).all()
    assert not np.array_equal(found[0], found[1])


def test_a_search_passes_over_what_is_impossible_or_not_run(table: Table) -> None:
    space = spaces(16)["nas-dip-cell"]
    rewards = Rewards(table, "nas-dip-cell", "denoise")
    strategy = make_strategy("tpe", {"startup": 5}, Plugins.discover())
    values = search(space, strategy.sampler(space, 0), rewards, 12)
    assert len(values) == 12
    assert max(values) <= rewards.best


def test_the_report_says_what_is_missing(table: Table) -> None:
    found = {(space, task, what): outcome for space, task, what, outcome in rows(table)}
    assert "tau +1.00" in found["nas-dip", "inpaint", "picture 0 and picture 1"]
    assert "tau -1.00" in found["nas-dip", "inpaint", "reward and strip_mse"]
    assert found["nas-dip", "inpaint", "reward and reward at 32 px"] == "missing (0 points)"
    assert found["within both spaces", "inpaint", "full size and reward"] == "missing (0 points)"
    assert "RMSE" in found["nas-dip", "inpaint", "surrogate, one left out"]


def test_the_report_has_a_table_a_space_and_a_column_a_task() -> None:
    outcomes = [("a", task, what, f"{what} {task}") for task in ("x", "y") for what in ("p", "q")]
    assert list(side_by_side([*outcomes, ("b", "x", "p", "1"), ("b", "y", "p", "2")], "xy")) == [
        "\n| a | x | y |",
        "|---|---|---|",
        "| p | p x | p y |",
        "| q | q x | q y |",
        "\n| b | x | y |",
        "|---|---|---|",
        "| p | 1 | 2 |",
    ]


def test_fits_that_ended_early_count_as_made(work_folder: Path, tmp_path: Path) -> None:
    early = [
        record(5, task, picture, psnr=[20.0] + [math.nan] * 10)
        for task in TASKS
        for picture in (0, 1)
    ]
    full = {**read(work_folder)[0], "part": "full", "fits": early}
    np.savez_compressed(tmp_path / "table.npz", **pack([full]))  # type: ignore[arg-type]
    space = points()[5].space
    assert any(
        line.startswith(f"{space}, full: 1 of") for line in made(Table(tmp_path / "table.npz"))
    )


def test_spectral_measures() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((3, 64, 64))
    assert strip_mse(noise, noise) == strip_distance(noise, noise) == 0
    # Ten times the amplitude is 10 ln 100 dB more.
    assert strip_mse(noise, 10 * noise) == pytest.approx((10 * math.log(100)) ** 2)
    assert strip_distance(noise, 10 * noise) == pytest.approx(10 * math.log(100))
    wave = np.sin(8 * np.arange(64) * (2 * np.pi / 64))
    assert bandwidth(np.tile(wave, (1, 64, 1))) == pytest.approx(0.25, abs=0.015)
    assert bandwidth(noise) > 1.0


def test_shards_that_do_not_go_together_are_not_packed(work_folder: Path) -> None:
    done = read(work_folder)
    with pytest.raises(ValueError, match="pictures"):
        pack([*done, {**done[0], "pictures": ["e.jpg"]}])
    told = {**done[0], "settings": {"width": 16}}
    pack([*done, told, told])
    with pytest.raises(ValueError, match="settings"):
        pack([told, {**told, "settings": {"width": 32}}])


def test_large_fits_have_the_options_of_the_presets(four_pictures: Path) -> None:
    told = Fits(SETTINGS["full"], four_pictures).settings
    for task in TASKS:
        options = find_architecture(f"balanced-{task}", Plugins.discover()).fit_options(task)
        assert {name: told["fit"][task][name] for name in ("steps", "jitter")} == {
            name: options[name] for name in ("steps", "jitter")
        }


@pytest.mark.parametrize("task", TASKS)
def test_a_fit(task: str, four_pictures: Path) -> None:
    setting = Setting(width=16, crop=128, side=64, every=2)
    fits = Fits(setting, four_pictures)
    assert fits.pictures == ["0.png", "1.png", "2.png", "3.png"]
    one, again = (fits.fit(1, points()[1], task, 0, 0) for _ in range(2))
    assert {**one, "seconds": 0} == {**again, "seconds": 0}
    assert len(one["psnr"]) == len(one["validation"]) == len(setting.iterations)
    assert one["psnr"][-1] > one["psnr"][0] + 3
    assert one["full_parameters"] > 10 * one["parameters"]
    assert 6 <= one["stopped_step"] <= 32
    assert one["strip_mse"] > one["strip_distance"] > 0
