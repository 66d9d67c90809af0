"""What the ablations say of made-up rewards, whose truth is known."""

import numpy as np
from ablate import gains, parts, shares, transfer
from table import Table


def test_the_best_are_chosen_on_one_picture_and_judged_on_the_other() -> None:
    rewards = np.zeros((40, 2))
    rewards[:20, 0] = 9.0  # luck: nothing of it is there on the other picture
    rewards[30:, :] += 10.0
    everything = np.full(40, True)
    assert gains(rewards, everything, plain=25) == (10.0, 0.0)
    luck = everything.copy()
    luck[30:] = False
    mean, _ = gains(rewards, luck, plain=25)
    # Chosen on the first picture they gain nothing, chosen on the second they are drawn from all.
    assert mean < 9.0


def test_the_plain_networks_are_those_of_the_papers(table: Table) -> None:
    for part in parts(table):
        choices = table.points(part.space)[part.plain]
        assert choices["cell.transform"] == ("additive" if "NAS-DIP" in part.name else "identity")
        on = [name for name, value in choices.items() if name.startswith("offset") and value]
        assert on == ([] if part.space == "nas-dip-cell" else ["offset+0"])
        assert part.points[part.plain]


def test_shares_of_the_variance(table: Table) -> None:
    rewards = table.means("nas-dip", "inpaint")
    found = shares(table, rewards)
    # All offsets are worth the same, and neither of the two cells is worth more.
    offsets = [share for name, share in found.items() if name != "cell"]
    assert len(offsets) == 9
    assert 0.04 < min(offsets) < max(offsets) < 0.25
    assert found["cell"] < 0.1


def test_what_is_good_for_one_task_is_good_for_all(table: Table) -> None:
    for _, _, rho, loss in transfer(table, "nas-dip-cell"):
        assert rho > 0.99
        assert abs(loss) < 0.05
