"""The last comparison as it is watched: how far it is, while it lasts."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import Trial
from searcher import Searcher, listed

from nasdip_core.cli.search_view import told
from nasdip_core.errors import RunError, RunInterruptedError
from nasdip_core.searching.candidate import Candidate, Evaluator, Score
from nasdip_core.searching.finals import SEEDS, Finals, comparison_of
from nasdip_core.searching.progress import progress_of
from nasdip_core.study.best import places_of
from nasdip_core.study.records import Record

PROPOSALS = listed((4, 1), (2, 1), (10, 2))


@pytest.fixture
def interrupted(searcher: Searcher, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> Searcher:
    """A search that ended four fits into its last comparison."""
    value = Finals._value
    left = iter(range(4))

    def four(self: Finals, *pair: object) -> float:
        if next(left, None) is None:
            raise RunInterruptedError("interrupted")
        return value(self, *pair)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Finals, "_value", four)
        with pytest.raises(RunInterruptedError):
            searcher.search(pictures / "a.png", 3, strategy=PROPOSALS)
    return searcher


def test_it_is_told_how_far_it_is(interrupted: Searcher) -> None:
    comparison = comparison_of(interrupted.study, 1)
    assert comparison is not None
    assert (comparison.finished, comparison.wanted) == (4, 3 * SEEDS)
    progress = progress_of(interrupted.study.trials, 3, 1)
    line = told(replace(progress, comparison=comparison))
    assert "comparing the best: 4 of 9 fits, about " in line


def test_nothing_is_told_before_it_began(searcher: Searcher, pictures: Path) -> None:
    def stop(_: Finals) -> None:
        raise RunInterruptedError("interrupted")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Finals, "run", stop)
        with pytest.raises(RunInterruptedError):
            searcher.search(pictures / "a.png", 3, strategy=PROPOSALS)
    assert comparison_of(searcher.study, 1) is None
    assert told(progress_of(searcher.study.trials, 3, 1)).endswith("comparing the best")


def test_it_goes_on_and_ends(interrupted: Searcher, pictures: Path) -> None:
    interrupted.search(pictures / "a.png", 3, strategy=PROPOSALS)
    comparison = comparison_of(interrupted.study, 1)
    assert comparison is not None
    assert comparison.finished == comparison.wanted
    assert places_of(interrupted.study, interrupted.records()) is not None


def test_a_network_that_fails_now_and_then_is_not_the_best(
    searcher: Searcher, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However good its other fits are: it would fail its user as well."""
    value = Finals._value

    def fickle(self: Finals, trial: Trial, record: Record, fresh: int) -> float:
        if record.choices["width"] == 10 and fresh == 1:
            raise RunError("the fit diverged")
        return value(self, trial, record, fresh)

    monkeypatch.setattr(Finals, "_value", fickle)
    found = searcher.search(pictures / "a.png", 3, strategy=PROPOSALS)
    places = places_of(searcher.study, found)
    assert places is not None
    assert [(found[p.slot].choices["width"], len(p.values)) for p in places] == [
        (4, SEEDS),
        (2, SEEDS),
        (10, SEEDS - 1),
    ]
    assert places[-1].mean > places[0].mean


def test_a_search_that_goes_on_compares_no_pair_again(
    searcher: Searcher, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposals = listed((4, 1), (2, 1), (10, 2), (8, 2))
    fitted: list[tuple[int, int]] = []
    value = Finals._value

    def count(self: Finals, trial: Trial, record: Record, fresh: int) -> float:
        fitted.append((record.slot, fresh))
        return value(self, trial, record, fresh)

    monkeypatch.setattr(Finals, "_value", count)
    searcher.search(pictures / "a.png", 3, strategy=proposals, reward="psnr")
    before = {p.slot: p.values for p in places_of(searcher.study, searcher.records()) or ()}
    searcher.search(pictures / "a.png", 4, strategy=proposals, reward="psnr")
    after = {p.slot: p.values for p in places_of(searcher.study, searcher.records()) or ()}
    assert sorted(fitted) == [(slot, fresh) for slot in range(4) for fresh in range(SEEDS)]
    assert {slot: after[slot] for slot in before} == before


def test_pictures_that_the_search_has_not_seen_decide(
    searcher: Searcher, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    score = Evaluator.score
    judged: dict[bool, list[list[int]]] = {True: [], False: []}

    def noting(self: Evaluator, candidate: Candidate, seen: Sequence[int], **more: Any) -> Score:
        judged[more.get("fresh") is not None].append(list(seen))
        return score(self, candidate, seen, **more)

    monkeypatch.setattr(Evaluator, "score", noting)
    searcher.search(pictures, 2, strategy=PROPOSALS)
    assert judged[False] == [[0, 1, 2, 4]] * 2
    assert judged[True] == [[3]] * 2 * SEEDS
