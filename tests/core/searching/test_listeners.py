"""Plugins hear of the trials of a search."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import search_toys
from searcher import Searcher, listed

from nasdip_core.hooks import FinishedTrial, hookimpl
from nasdip_core.plugins import Plugins
from nasdip_core.searching.listeners import reports


@pytest.fixture
def searcher(nasdip_plugins: Plugins, tmp_path: Path) -> Searcher:
    """A search whose plugins are the test's own."""
    nasdip_plugins.add(search_toys, "toys", "toys")
    return Searcher(tmp_path / "out", nasdip_plugins)


def listener(searcher: Searcher, hear: Callable[[FinishedTrial], None], name: str) -> None:
    module = ModuleType(name)
    module.nasdip_on_trial = hookimpl(hear)  # type: ignore[attr-defined]
    assert searcher.plugins.add(module, "listener", name).state == "loaded"


def test_each_trial_that_ends_is_told(searcher: Searcher, pictures: Path) -> None:
    heard: list[FinishedTrial] = []

    def nasdip_on_trial(trial: FinishedTrial) -> None:
        heard.append(trial)

    listener(searcher, nasdip_on_trial, "hears")
    proposals = listed((4, 1), (6, 1), (2, 1), (2, 2), (10, 2), (4, 2))
    limit = {"parameters": 1000.0}
    searcher.search(pictures / "a.png", 4, strategy=proposals, limits=limit)
    assert [(t.number, t.state) for t in heard] == [
        (0, "done"),
        (1, "failed"),
        (2, "done"),
        (3, "duplicate"),
        (4, "infeasible"),
        (5, "done"),
    ]
    assert heard[0].study == "nasdip"
    assert heard[0].choices == {"width": 4, "levels": 1}
    assert heard[0].value == searcher.study.trials[0].value
    assert (heard[1].value, heard[1].reason) == (None, "six is not to be had")
    assert "limits.parameters" in heard[4].reason
    assert heard[4].value is None, "what the strategy is told is no quality"
    assert reports(searcher.study) == []


def test_one_that_raises_is_told_of_once_and_the_search_goes_on(
    searcher: Searcher, pictures: Path
) -> None:
    heard: list[int] = []

    def nasdip_on_trial(trial: FinishedTrial) -> None:
        heard.append(trial.number)
        raise RuntimeError("cannot listen")

    listener(searcher, nasdip_on_trial, "broken")
    found = searcher.search(pictures / "a.png", 2, strategy=listed((4, 1), (2, 1)))
    assert [r.state for r in found] == ["done", "done"]
    assert heard == [0]
    (report,) = reports(searcher.study)
    assert "'broken:listener' is switched off" in report
    assert "cannot listen" in report
