"""Events: written as they happen, read back as they were, cut back on resume."""

import math
from pathlib import Path

import pytest

from nasdip_core.fit import events
from nasdip_core.fit.events import EventLog, FitEnded, FitStarted, Rewound, StepDone, read_events

EVENTS = [
    FitStarted("a", 100),
    StepDone("a", 1, 0.1, 2.0, {"p": 2.0}, {"psnr": 20.0}, 0.5, None, None),
    Rewound("a", 5, 1, 0.5, "the loss is nan"),
    StepDone("a", 10, 1.0, 1.0),
    FitEnded("a", 10, 10, "fixed", "reached 10 steps", 1.0),
]


def written(path: Path, told: list[object]) -> EventLog:
    log = EventLog(path)
    for event in told:
        log(event)  # type: ignore[arg-type]
    return log


def test_round_trip(tmp_path: Path) -> None:
    log = written(tmp_path / "e.jsonl", list(EVENTS))
    assert log.events() == EVENTS
    log.close()
    assert list(read_events(tmp_path / "e.jsonl")) == EVENTS


def test_what_json_cannot_hold_is_left_out(tmp_path: Path) -> None:
    exact = StepDone("a", 1, 0.1, 2.0, {}, {"psnr": math.inf, "ssim": 1.0}, 0.0, math.nan, 1)
    log = written(tmp_path / "e.jsonl", [exact])
    log.close()
    assert log.events() == [StepDone("a", 1, 0.1, 2.0, {}, {"ssim": 1.0}, 0.0, None, 1)]


def test_a_line_cut_off_by_a_crash_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    written(path, list(EVENTS)).close()
    path.write_text(path.read_text()[:-7])
    assert list(read_events(path)) == EVENTS[:-1]
    log = written(path, [FitStarted("new", 3)])
    assert log.events() == [*EVENTS[:-1], FitStarted("new", 3)]
    log.close()


@pytest.mark.parametrize("damaged", ["\0" * 50, '{"event": "fit', "7"])
def test_a_line_that_a_crash_has_damaged_is_left_out(damaged: str, tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    written(path, list(EVENTS)).close()
    first, *others = path.read_text().splitlines(keepends=True)
    path.write_text("".join([first, damaged + "\n", *others]))
    assert list(read_events(path)) == EVENTS
    log = written(path, [FitStarted("new", 3)])
    assert log.events() == [*EVENTS, FitStarted("new", 3)]
    log.close()


def test_fits_that_are_new_leave_the_log_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are hundreds where a picture is in tiles."""
    rewritten: list[Path] = []
    monkeypatch.setattr(events, "_rewrite", lambda path, _: rewritten.append(path))
    many = [FitStarted(f"tile-{number}", 3) for number in range(3)]
    log = written(tmp_path / "e.jsonl", [*many])
    assert log.events() == many
    assert not rewritten
    log(many[1])
    log.close()
    assert rewritten


def test_unknown_events_of_a_later_version_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text('{"event": "of-the-future", "x": 1}\n')
    assert list(read_events(path)) == []


def test_no_file_no_events(tmp_path: Path) -> None:
    assert list(read_events(tmp_path / "none")) == []


def test_a_resumed_fit_takes_back_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    written(path, [FitStarted("b", 3), *EVENTS[:-1]]).close()
    log = written(path, [FitStarted("a", 100, step=5, rewinds=1), StepDone("a", 10, 1.2, 0.9)])
    log.close()
    assert log.events() == [
        FitStarted("b", 3),
        *EVENTS[:3],
        FitStarted("a", 100, step=5, rewinds=1),
        StepDone("a", 10, 1.2, 0.9),
    ]


def step(number: int) -> StepDone:
    return StepDone("a", number, number / 10, 1.0)


REWOUND = [step(10), step(20), Rewound("a", 25, 10, 0.5, "the loss rose"), step(20), step(30)]


@pytest.mark.parametrize(
    ("start", "kept"),
    [
        # A rewind stays although it began past the checkpoint, which came after it.
        (FitStarted("a", 100, step=20, rewinds=1), REWOUND[:4]),
        # Killed before a checkpoint came after the rewind: it will be there again.
        (FitStarted("a", 100, step=20), REWOUND[:2]),
        (FitStarted("a", 100, step=10, rewinds=1), REWOUND[:3]),
    ],
)
def test_a_checkpoint_is_before_a_rewind_or_after_it(
    tmp_path: Path, start: FitStarted, kept: list[object]
) -> None:
    path = tmp_path / "e.jsonl"
    written(path, REWOUND).close()
    log = written(path, [start, step(40)])
    log.close()
    assert log.events() == [*kept, start, step(40)]
