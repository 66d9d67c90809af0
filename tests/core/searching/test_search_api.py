"""A whole search from Python, and what it leaves."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from searcher import TINY, listed

import nasdip_core
from nasdip_core.errors import RunError
from nasdip_core.options import parse
from nasdip_core.plugins import Plugins
from nasdip_core.searching.options import SearchRequest
from nasdip_core.searching.plan import plan_search
from nasdip_core.searching.progress import Progress

Search = Callable[..., dict[str, Any]]


@pytest.fixture
def search(toys: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Search:
    """Return `nasdip_core.search` with toys, in this process."""
    monkeypatch.setattr("nasdip_core.searching.trials.BARREN", 9)

    def call(data: Path, proposals: list[tuple[int, int]], trials: int, **more: Any) -> Any:
        limits = more.pop("limits", {})
        options = {**TINY, "space": "toy", "reward": "width", "limits": limits}
        options["launcher"] = "inline"
        return nasdip_core.search(
            data,
            "denoise",
            trials=trials,
            options={**options, "strategy": listed(*proposals)},
            output=tmp_path / "out",
            plugins=toys,
            **more,
        )

    return call


def test_a_folder_of_pictures(search: Search, pictures: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    told = search(pictures, [(4, 1), (6, 1), (10, 1)], 3, watch=seen.append)
    assert told["trials"] | {"running": 0} == {
        "done": 2,
        "pruned": 0,
        "failed": 1,
        "running": 0,
        "duplicates": 0,
        "infeasible": 0,
    }
    assert [place["trial"] for place in told["best"]] == [2, 0]
    assert told["best"][0]["choices"] == {"width": 10, "levels": 1}
    assert told["settings"]["validation"] == ["d.png"]
    assert told["notes"] == []
    assert sorted(told["outputs"]) == ["architecture", "page"], "no one picture to restore"
    assert json.loads((tmp_path / "out" / "search.json").read_text()) == told
    assert (seen[-1].finished, seen[-1].failed) == (3, 1)
    assert seen[-1].best is not None
    assert seen[-1].best.slot == 2


def test_more_trials_are_compared_anew(search: Search, pictures: Path) -> None:
    proposals = [(4, 1), (2, 1), (10, 1)]
    assert search(pictures / "a.png", proposals, 2)["best"][0]["trial"] == 0
    told = search(pictures / "a.png", proposals, 3)
    assert [place["trial"] for place in told["best"]] == [2, 0, 1]
    assert told["compared"]


def test_no_candidate_within_the_limits(search: Search, pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"within the limits in 9 proposals; the last: limits\.macs"):
        search(pictures / "a.png", [(4, 1), (2, 1)], 2, limits={"macs": 1.0})
    assert (tmp_path / "out" / "index.html").exists()


def test_every_trial_failed(search: Search, pictures: Path) -> None:
    with pytest.raises(RunError, match="none of 2 trials was done; the last: the reward is nan"):
        search(pictures / "a.png", [(6, 1), (8, 1)], 2)


def test_a_search_that_ends_early_says_so(search: Search, pictures: Path) -> None:
    told = search(pictures / "a.png", [(4, 1)], 5)
    assert told["notes"] == [
        "The search ended early: the last 9 proposals were known already or not allowed."
    ]


def test_a_space_brings_the_fit_options_of_its_networks(toys: Plugins, pictures: Path) -> None:
    def jitter(space: str, **fit: float) -> float:
        content = {"data": str(pictures / "a.png"), "corrupt": {}, "space": space, "fit": fit}
        request = parse(SearchRequest, content, "")
        planned = plan_search("denoise", request, toys, Path())
        return float(planned.settings()["fit"]["jitter"])

    assert jitter("compact") == 0.1
    assert jitter("nas-dip") == 0.03
    assert jitter("nas-dip", jitter=0.5) == 0.5
