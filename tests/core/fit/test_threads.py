"""The choice of threads: all of them, unless one is far faster."""

from collections.abc import Iterator

import pytest
import torch

from nasdip_core.fit.threads import ThreadChoice


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def threads_of(steps: int, seconds: dict[int, float]) -> list[int]:
    """Return the threads of every step where a step takes `seconds[threads]`."""
    choice, used = ThreadChoice(), []
    for step in range(1, steps + 1):
        choice.before(step)
        used.append(torch.get_num_threads())
        choice.after(step, seconds[used[-1]])
    choice.restore()
    assert torch.get_num_threads() == 2
    return used


def test_idle_cores_use_all_threads_but_in_the_trials() -> None:
    assert threads_of(200, {2: 0.1, 1: 0.15}) == ([2] * 3 + [1] * 3 + [2] * 94) * 2


def test_busy_cores_fall_back_to_one() -> None:
    assert threads_of(100, {2: 1.3, 1: 0.2}) == [2] * 3 + [1] * 97


@pytest.mark.parametrize("first", [4, 5, 6])
def test_a_fit_that_goes_on_within_a_trial_keeps_all_threads(first: int) -> None:
    """As an idle machine would have had it."""
    choice, used = ThreadChoice(), []
    for step in range(first, 101):
        choice.before(step)
        used.append(torch.get_num_threads())
        choice.after(step, {2: 0.12, 1: 0.2}[used[-1]])
    choice.restore()
    assert used[7 - first :] == [2] * 94


def test_a_small_difference_and_short_steps_change_nothing() -> None:
    assert threads_of(100, {2: 0.1, 1: 0.08})[6:] == [2] * 94
    assert threads_of(100, {2: 0.01, 1: 0.001})[6:] == [2] * 94


def test_a_single_thread_is_left_alone() -> None:
    torch.set_num_threads(1)
    choice = ThreadChoice()
    for step in range(1, 20):
        choice.before(step)
        assert torch.get_num_threads() == 1
        choice.after(step, 1.0)


def test_a_block_runs_on_one_thread_where_all_are_far_slower(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from nasdip_core.fit import threads

    before = torch.get_num_threads()
    try:
        for slower, expected in ((10.0, 1), (1.2, 2), (0.5, 2)):
            torch.set_num_threads(2)
            seconds = {1: 1.0, 2: slower}
            monkeypatch.setattr(threads, "_trial", seconds.__getitem__)
            with threads.threads_that_pay():
                assert torch.get_num_threads() == expected
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
