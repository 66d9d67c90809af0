"""What becomes of a candidate, and that N trials are N trials."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from searcher import Searcher, listed

from nasdip_core.errors import PictureError, RunInterruptedError, StudyError
from nasdip_core.fit.loop import Fit
from nasdip_core.searching.finals import SEEDS
from nasdip_core.study.best import places_of
from nasdip_core.study.lease import ATTEMPT, give_up
from nasdip_core.study.sampler import distributions

LIMIT = {"parameters": 1000.0}


def test_every_kind_of_candidate(searcher: Searcher, pictures: Path) -> None:
    """Done, failed by an error or by NaN; a duplicate and an impossible one do not count."""
    proposals = listed((4, 1), (6, 1), (2, 1), (2, 2), (8, 1), (4, 1), (6, 1), (10, 2), (4, 2))
    found = searcher.search(pictures / "a.png", 5, strategy=proposals, limits=LIMIT)
    assert [(r.state, r.duplicate, r.counts) for r in found] == [
        ("done", False, True),
        ("failed", False, True),
        ("done", False, True),
        ("done", True, False),  # two levels of width 2 are one level
        ("failed", False, True),
        ("done", True, False),
        ("failed", True, False),
        ("infeasible", False, False),
        ("done", False, True),
    ]
    trials = searcher.study.trials
    assert trials[1].user_attrs["reason"] == "six is not to be had"
    assert "reward is nan" in trials[4].user_attrs["reason"]
    assert trials[5].user_attrs["duplicate_of"] == 0
    assert trials[5].value == trials[0].value
    assert "limits.parameters" in trials[7].user_attrs["reason"]
    assert trials[7].constraints == {"valid": 1.0}
    assert trials[7].value == min(trials[0].value, trials[2].value)
    assert trials[0].constraints == {"valid": 0.0}
    assert trials[0].user_attrs["parameters"] > 0


def test_what_cannot_be_is_told_no_value_while_none_is_known(
    searcher: Searcher, pictures: Path
) -> None:
    """Nothing that could be better, or worse by far, than all that will come."""
    found = searcher.search(
        pictures / "a.png",
        2,
        strategy=listed((10, 1), (4, 1), (10, 2), (2, 1)),
        limits={"parameters": 700},
    )
    assert [r.state for r in found] == ["infeasible", "done", "infeasible", "done"]
    assert [r.value for r in found[:3]] == [None, found[1].value, found[1].value]


def test_trials_are_those_of_the_study_in_all(searcher: Searcher, pictures: Path) -> None:
    proposals = listed((4, 1), (2, 1), (4, 2), (10, 1))
    assert len(searcher.search(pictures / "a.png", 2, strategy=proposals)) == 2
    assert len(searcher.search(pictures / "a.png", 2, strategy=proposals)) == 2
    found = searcher.search(pictures / "a.png", 4, strategy=proposals)
    assert [dict(r.choices)["width"] for r in found] == [4, 2, 4, 10]


def test_a_search_with_nothing_new_ends(
    searcher: Searcher, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nasdip_core.searching.trials.BARREN", 5)
    found = searcher.search(pictures / "a.png", 9, strategy=listed((4, 1)))
    assert len(found) == 6
    assert sum(r.counts for r in found) == 1


def test_a_space_that_is_done_ends_the_search(searcher: Searcher, pictures: Path) -> None:
    points = [(w, levels) for levels in (1, 2) for w in (2, 4, 6, 8, 10) if (w, levels) != (2, 2)]
    found = searcher.search(pictures / "a.png", 50, strategy=listed(*points))
    assert len(found) == 9


def test_a_plugin_that_breaks_fails_the_trial_alone(
    searcher: Searcher, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = iter([RuntimeError("a bug"), MemoryError(), None, None])
    whole = Fit.advance

    def advance(fit: Fit, steps: int) -> None:
        error = next(broken, None)
        if error is not None:
            raise error
        whole(fit, steps)

    monkeypatch.setattr(Fit, "advance", advance)
    found = searcher.search(pictures / "a.png", 3, strategy=listed((4, 1), (2, 1), (10, 1)))
    assert [r.state for r in found] == ["failed", "failed", "done"]
    reasons = [t.user_attrs.get("reason") for t in searcher.study.trials]
    assert reasons == ["RuntimeError: a bug", "out of memory", None]


@pytest.mark.parametrize("error", [PictureError("cannot read 'a.png'"), OSError(5, "a disk")])
@pytest.mark.parametrize("after", [1, 4])
def test_what_no_candidate_is_to_blame_for_ends_the_search_and_costs_no_trial(
    searcher: Searcher,
    pictures: Path,
    error: Exception,
    after: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the second of three trials, or in the last comparison."""
    proposals, whole = listed((4, 1), (2, 1), (10, 1)), Fit.advance
    left = iter(range(after))

    def advance(fit: Fit, steps: int) -> None:
        if next(left, None) is None:
            raise error
        whole(fit, steps)

    with monkeypatch.context() as away:
        away.setattr(Fit, "advance", advance)
        with pytest.raises(type(error)):
            searcher.search(pictures / "a.png", 3, strategy=proposals)
    found = searcher.search(pictures / "a.png", 3, strategy=proposals)
    assert [r.state for r in found] == ["done"] * 3
    places = places_of(searcher.study, found)
    assert places is not None
    assert [len(place.values) for place in places] == [SEEDS] * 3


def test_a_storage_that_fails_over_a_report_fails_no_trial(
    searcher: Searcher, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise StorageInternalError("the database is locked")

    proposals = listed((4, 1), (2, 1))
    with monkeypatch.context() as away:
        away.setattr(RDBStorage, "_set_trial_intermediate_value_without_commit", locked)
        with pytest.raises(StudyError, match="locked"):
            searcher.search(pictures / "a.png", 2, strategy=proposals)
    assert [r.state for r in searcher.records()] == ["open"]
    assert set(deaths(searcher)) == {0}, "no worker has died of it"


def test_a_strategy_that_breaks_is_no_death_of_its_trial(
    searcher: Searcher, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is it one of the trial that it could not propose; mended, the search goes on."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("in the sampler")

    proposals = listed((4, 1), (2, 1))
    with monkeypatch.context() as patched:
        patched.setattr("search_toys._ListedSampler.propose", broken)
        for _ in range(4):
            with pytest.raises(ZeroDivisionError):
                searcher.search(pictures / "a.png", 2, strategy=proposals)
    assert set(deaths(searcher)) == {0}
    found = searcher.search(pictures / "a.png", 2, strategy=proposals)
    assert [r.state for r in found] == ["done"] * 2


def deaths(searcher: Searcher) -> list[int]:
    return [trial.user_attrs.get(ATTEMPT, 0) for trial in searcher.study.get_trials()]


def test_stopped_and_gone_on_with_is_as_if_never_stopped(
    searcher: Searcher,
    another: Callable[[str], Searcher],
    pictures: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The controller's proposals and the values are those of a search in one go."""
    options: dict[str, Any] = {"strategy": {"uses": "reinforce", "with": {"batch": 2}}}
    whole = another("whole").search(pictures / "a.png", 5, **options)
    calls = [0]
    advance = Fit.advance

    def stopping(fit: Fit, steps: int) -> None:
        calls[0] += 1
        if calls[0] == 3:
            raise RunInterruptedError("interrupted after step 1 of 2")
        advance(fit, steps)

    with monkeypatch.context() as stopped:
        stopped.setattr(Fit, "advance", stopping)
        with pytest.raises(RunInterruptedError):
            searcher.search(pictures / "a.png", 5, **options)
    assert [r.state for r in searcher.records()].count("open") == 1
    assert not [t for t in searcher.study.trials if t.state is optuna.trial.TrialState.RUNNING]
    found = searcher.search(pictures / "a.png", 5, **options)
    assert [(r.choices, r.value, r.notes) for r in found] == [
        (r.choices, r.value, r.notes) for r in whole
    ]


def test_a_trial_that_was_given_up_takes_its_slot_again(searcher: Searcher, pictures: Path) -> None:
    proposals = listed((4, 1), (2, 1), (4, 2))
    searcher.search(pictures / "a.png", 1, strategy=proposals)
    planned, study = searcher.plan(pictures / "a.png", strategy=proposals), searcher.study
    study.sampler = planned.strategy.sampler(planned.space, 0)
    trial = study.ask(dict(distributions(planned.space)))
    give_up(study, study._storage.get_trial(trial._trial_id))
    found = searcher.search(pictures / "a.png", 3, strategy=proposals)
    assert [(r.slot, r.number, r.state) for r in found] == [
        (0, 0, "done"),
        (1, 2, "done"),
        (3, 3, "done"),
    ]


def test_the_best_are_chosen_by_fresh_seeds(searcher: Searcher, pictures: Path) -> None:
    proposals = listed((2, 1), (4, 1), (4, 2), (10, 1))
    found = searcher.search(pictures / "a.png", 4, strategy=proposals)
    places = places_of(searcher.study, found)
    assert places is not None
    assert places[0].slot == 3
    assert {place.slot for place in places} == {0, 1, 2, 3}
    assert all(len(set(place.values)) == 3 for place in places), "three seeds, three values"
    assert places[0].values[0] != found[3].value
