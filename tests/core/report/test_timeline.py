"""The chart of a whole run over seconds."""

import re

from nasdip_core.fit.events import Event, FitEnded, FitStarted, RefineDone, RefineStarted, StepDone
from nasdip_core.report.timeline import timeline


def run(fits: int, *, truth: bool) -> list[Event]:
    events: list[Event] = []
    for number in range(fits):
        name = f"fit-{number}"
        events.append(FitStarted(name, 3))
        for step in (1, 2, 3):
            measures = {"psnr": 20.0 + step} if truth else {}
            events.append(StepDone(name, step, 10.0 * step, 1, measures=measures, validation=2))
        events.append(FitEnded(name, 3, 3, "fixed", "done", 30.0))
    measures = {"psnr": 30.0} if truth else {}
    refined = [RefineStarted("fit + filter"), RefineDone("fit + filter", 5.0, measures, 1.5)]
    return [*events, *refined]


def test_fits_stand_one_after_the_other() -> None:
    drawn = timeline(run(2, truth=True))
    assert "Quality over time" in drawn
    assert re.findall(r'class="key c\d">([^<]+)', drawn) == ["fit-0", "fit-1", "fit + filter"]
    lines = [
        [float(pair.split(",")[0]) for pair in points.split()]
        for points in re.findall(r'<polyline[^>]* points="([^"]+)"', drawn)
    ]
    assert len(lines) == 2
    assert lines[0][-1] < lines[1][0]


def test_without_a_truth_the_held_out_error_is_shown() -> None:
    assert "Held-out error over time" in timeline(run(1, truth=False))


def test_many_tiles_hide_each_other_and_are_left_out() -> None:
    assert timeline(run(6, truth=True)) == ""
    assert timeline([]) == ""
