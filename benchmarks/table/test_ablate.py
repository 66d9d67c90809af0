"""What the ablations say of made-up rewards, whose truth is known."""

from pathlib import Path

import numpy as np
import pytest
from ablate import gains, parts, report, shared_luck, shares, transfer
from pack import pack, read
from scipy.stats import t as student
from table import Table
from work import plain, points


def test_the_best_are_chosen_on_one_picture_and_judged_on_the_other() -> None:
    rewards = np.zeros((40, 2))
    rewards[:20, 0] = 9.0  # luck: nothing of it is there on the other picture
    rewards[30:, :] += 10.0
    everything = np.full(40, True)
    plain, shared = np.zeros((2, 3)), (np.zeros(2), 3)
    assert gains(rewards, everything, plain, shared) == (10.0, 0.0)
    luck = everything.copy()
    luck[30:] = False
    mean, _ = gains(rewards, luck, plain, shared)
    # Chosen on the first picture they gain nothing, chosen on the second they are drawn from all.
    assert mean < 9.0


def test_the_luck_of_the_plain_network_and_of_the_seed_are_in_the_error() -> None:
    plain, shared = np.array([[0.0, 2.0], [1.0, 3.0]]), (np.array([3.0, 5.0]), 3)
    mean, half = gains(np.full((40, 2), 5.0), np.full(40, True), plain, shared)
    assert mean == 5.0 - 1.5
    # Variances 1 and 1 of two seeds, 3 and 5 of three: (1 + 1 + 3 + 5)^2 / (1 + 1 + 9/2 + 25/2).
    assert half == pytest.approx(student.ppf(0.975, 100 / 19) * np.sqrt(1 + 1 + 3 + 5) / 2)


def test_what_a_seed_gives_to_all_networks() -> None:
    draws = np.random.default_rng(0)
    every = 20.0 + draws.standard_normal((200, 1, 1)) + np.array([0.0, 0.3, -0.3])
    every = every + 0.01 * draws.standard_normal((200, 2, 3))
    variances, seeds = shared_luck(every)
    assert variances == pytest.approx([0.09, 0.09], abs=0.01)
    assert seeds == 3
    # A seed that only the plain networks have tells nothing.
    rare = np.full((200, 2, 1), np.nan)
    rare[7] = 50.0
    with_rare, seeds = shared_luck(np.concatenate([every, rare], axis=2))
    assert np.array_equal(with_rare, variances)
    assert seeds == 3
    assert np.isnan(shared_luck(every[..., :1])[0]).all()


def test_the_report_says_how_many_networks_there_were(
    table: Table, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    report(table)
    run = np.isfinite(table.means("nas-dip-cell", "inpaint")).sum()
    said = [line for line in capsys.readouterr().out.splitlines() if "| inpaint | cell |" in line]
    assert len(said) == 1
    assert said[0].count(f"(of {run}) |") == 2
    monkeypatch.setattr("ablate.LIKE", 0.0)
    report(table)
    assert f"(of {run}) | too few (1) |" in capsys.readouterr().out


def test_no_gain_is_told_of_a_plain_network_with_one_seed(
    work_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main = [shard for shard in read(work_folder) if shard["part"] == "main"]
    np.savez_compressed(tmp_path / "table.npz", **pack(main))  # type: ignore[arg-type]
    report(Table(tmp_path / "table.npz"))
    assert "| cell | too few seeds" in capsys.readouterr().out


def test_the_plain_networks_are_those_of_the_papers(table: Table) -> None:
    for part in parts(table):
        choices = table.points(part.space)[part.plain]
        assert choices["cell.transform"] == ("additive" if "NAS-DIP" in part.name else "identity")
        on = [name for name, value in choices.items() if name.startswith("offset") and value]
        assert on == ([] if part.space == "nas-dip-cell" else ["offset+0"])
        assert part.points[part.plain]
    begun = [(part.space, part.plain) for part in parts(table)]
    assert {table.find(points()[place].choices) for place in plain()} == set(begun)


def test_shares_of_the_variance(table: Table) -> None:
    rewards = table.means("nas-dip", "inpaint")
    found = shares(table, rewards)
    # All offsets are worth the same, and neither of the two cells is worth more.
    offsets = [share for name, share in found.items() if name != "cell"]
    assert len(offsets) == 9
    assert 0.04 < min(offsets) < max(offsets) < 0.25
    assert found["cell"] < 0.1


def test_what_is_good_for_one_task_is_good_for_all(table: Table) -> None:
    for _, _, rho, loss, half in transfer(table, "nas-dip-cell"):
        assert rho > 0.99
        assert abs(loss) < 0.05
        assert half < 0.1
