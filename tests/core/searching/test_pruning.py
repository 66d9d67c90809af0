"""Candidates that are ended early: by a test over pictures, or at the rungs of hyperband."""

import shutil
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from PIL import Image
from searcher import POINT, Searcher, evaluator, listed, ramp

from nasdip_core.errors import OptionError
from nasdip_core.study.best import places_of
from nasdip_core.study.records import Record


def folder_of(tmp_path: Path, count: int) -> Path:
    """Make so many pictures that differ."""
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(count):
        Image.new("RGB", (16, 16), (10 * i, 80, 200 - 9 * i)).save(folder / f"{i:02}.png")
    return folder


def test_wilcoxon_ends_what_loses_on_every_picture(searcher: Searcher, tmp_path: Path) -> None:
    """A worse width is ended early, keeps its partial mean, and cannot be the best."""
    folder = folder_of(tmp_path, 16)
    pruner = {"uses": "wilcoxon"}
    proposals = listed((10, 1), (2, 1), (4, 1))
    found = searcher.search(folder, 3, strategy=proposals, reward="picture", pruner=pruner)
    assert [r.state for r in found] == ["done", "pruned", "pruned"]
    trial = searcher.study.trials[1]
    assert 2 <= len(trial.user_attrs["scores"]) < 12
    scores = list(trial.user_attrs["scores"].values())
    assert trial.user_attrs["partial_mean"] == pytest.approx(sum(scores) / len(scores))
    # Pictures differ by far more than widths: the estimate is by the difference to the best.
    assert found[1].value == pytest.approx(found[0].value - 8, abs=0.01)  # type: ignore[operator]
    places = places_of(searcher.study, found)
    assert places is not None
    assert [place.slot for place in places] == [0]


def test_hyperband_by_iterations(searcher: Searcher, pictures: Path) -> None:
    judge = evaluator(
        searcher,
        pictures,
        pruner={"uses": "hyperband"},
        fit={"steps": 18, "stopping": "fixed"},
        reward="psnr",
    )
    assert judge.rungs() == [2, 6, 18]
    candidate = judge.candidate(POINT)
    told: list[int] = []

    def report(step: int, value: float) -> bool:
        told.append(step)
        return len(told) == 2

    ended = judge.score(candidate, [0, 1], report=report)
    assert told == [2, 6]
    assert ended.pruned
    assert {fit.iterations for fit in ended.fits.values()} == {6}
    whole = judge.score(candidate, [0, 1])
    plain = evaluator(
        searcher, pictures, fit={"steps": 18, "stopping": "fixed"}, reward="psnr"
    ).score(candidate, [0, 1])
    assert not whole.pruned
    assert whole.by_picture == plain.by_picture, "rungs change nothing but when one is asked"


def test_hyperband_by_resolution(searcher: Searcher, pictures: Path) -> None:
    pruner = {"uses": "hyperband", "rungs": "resolution", "factor": 2}
    picture = ramp(pictures, 128)
    judge = evaluator(searcher, picture, pruner=pruner, reward="psnr")
    assert judge.rungs() == [32, 64, 128]
    told: list[int] = []
    score = judge.score(
        judge.candidate(POINT), [0], report=lambda step, _: told.append(step) is not None
    )
    assert told == [32, 64, 128]
    assert score.fits[0].chosen["restored"].shape[-2:] == (128, 128)


def test_no_picture_is_made_smaller_than_the_least(searcher: Searcher, pictures: Path) -> None:
    pruner = {"uses": "hyperband", "rungs": "resolution", "factor": 2}
    folder = ramp(pictures, 256).parent / "sizes"
    folder.mkdir()
    shutil.copy(ramp(pictures, 256), folder / "a.png")
    for name, side in (("b", 48), ("c", 20)):
        shutil.copy(ramp(pictures, side), folder / f"{name}.png")
    judge = evaluator(searcher, folder, pruner=pruner, reward="psnr")
    sides = [min(judge.given(place, 0.25)["picture"].colour.shape[:2]) for place in range(3)]
    assert sides == [64, 32, 20]


@pytest.mark.parametrize(
    ("side", "factor", "rungs"),
    [(24, 3, [24]), (64, 3, [32, 64]), (240, 3, [32, 96, 240]), (240, 2, [60, 120, 240])],
)
def test_rungs_of_resolution_are_those_at_which_something_may_end(
    searcher: Searcher, pictures: Path, side: int, factor: int, rungs: list[int]
) -> None:
    """Optuna looks at the least times the factor, however small a picture may be."""
    pruner = {"uses": "hyperband", "rungs": "resolution", "factor": factor}
    judge = evaluator(searcher, ramp(pictures, side), pruner=pruner, reward="psnr")
    assert judge.rungs() == rungs


@pytest.mark.parametrize(("count", "threshold"), [(3, 0.1), (4, 0.1), (5, 0.03), (2, 0.5)])
def test_a_test_that_can_end_nothing_is_refused(
    searcher: Searcher, tmp_path: Path, count: int, threshold: float
) -> None:
    pictures = folder_of(tmp_path, count + count // 3)  # every fourth is kept
    pruner = {"uses": "wilcoxon", "threshold": threshold}
    with pytest.raises(OptionError, match=f"to search on, and there are {count}"):
        searcher.plan(pictures, pruner=pruner)
    searcher.plan(pictures, pruner={**pruner, "threshold": 0.6})


def test_hyperband_searches_to_the_end(searcher: Searcher, pictures: Path) -> None:
    proposals = listed((10, 1), (4, 1), (4, 2), (2, 1), (10, 2))
    pruner = {"uses": "hyperband"}
    fit = {"steps": 9, "stopping": "fixed"}
    found = searcher.search(
        pictures / "a.png", 5, strategy=proposals, pruner=pruner, fit=fit, reward="psnr"
    )
    assert {r.state for r in found} <= {"done", "pruned"}
    assert all(set(t.intermediate_values) <= {1, 3, 9} for t in searcher.study.trials)


def second_is_ended(
    searcher: Searcher, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> list[Record]:
    """Search two trials, of which hyperband ends the second at its first rung."""
    monkeypatch.setattr("optuna.Trial.should_prune", lambda trial: trial.number > 0)
    found = searcher.search(
        pictures / "a.png",
        2,
        strategy=listed((10, 1), (2, 1)),
        pruner={"uses": "hyperband"},
        fit={"steps": 9, "stopping": "fixed"},
        reward="psnr",
    )
    assert [r.state for r in found] == ["done", "pruned"]
    return found


def test_what_hyperband_ends_is_held_against_the_best_at_the_same_rung(
    searcher: Searcher, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = second_is_ended(searcher, pictures, monkeypatch)
    best, pruned = searcher.study.trials[:2]
    assert set(pruned.intermediate_values) == {1}
    expected = best.value + pruned.intermediate_values[1] - best.intermediate_values[1]
    assert found[1].value == pytest.approx(min(expected, best.value))
    assert found[1].value != pruned.intermediate_values[1]


def test_what_is_ended_is_worth_no_more_than_the_best(
    searcher: Searcher, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The best may be a slow starter, that many are ahead of at its rungs."""
    report = optuna.Trial.report

    def told(trial: optuna.Trial, value: float, step: int) -> None:
        report(trial, value - 50 if trial.number == 0 and step < 9 else value, step)

    monkeypatch.setattr("optuna.Trial.report", told)
    found = second_is_ended(searcher, pictures, monkeypatch)
    assert found[1].value == found[0].value


def test_hyperband_hides_nothing_from_a_strategy(
    searcher: Searcher, another: Callable[[str], Searcher], pictures: Path
) -> None:
    """A search that is gone on with proposes what it would have, whatever the brackets."""
    options = {
        "strategy": {"uses": "evolution", "with": {"population": 2, "sample": 1}},
        "pruner": {"uses": "hyperband"},
        "fit": {"steps": 9, "stopping": "fixed"},
    }
    whole = another("whole").search(pictures / "a.png", 12, **options)
    searcher.search(pictures / "a.png", 6, **options)
    found = searcher.search(pictures / "a.png", 12, **options)
    assert [r.choices for r in found] == [r.choices for r in whole]
