"""A whole search from Python, and what it leaves."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import nasdip_core
from nasdip_core.bench.units import plan_bench
from nasdip_core.errors import OptionError, RunError, StudyError
from nasdip_core.options import parse
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins
from nasdip_core.searching.finals import Finals
from nasdip_core.searching.kept import KeptFits
from nasdip_core.searching.options import SearchRequest
from nasdip_core.searching.plan import plan_search
from nasdip_core.searching.progress import Progress
from nasdip_core.study.reference import resolve_reference
from nasdip_core.study.storage import open_storage, study_url
from nasdip_core.study.study import load_study, names

Search = Callable[..., dict[str, Any]]


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


def test_an_output_that_is_no_folder(search: Search, pictures: Path, tmp_path: Path) -> None:
    """The study is elsewhere, and nothing is wrong with it."""
    elsewhere = tmp_path / "study.db"
    with pytest.raises(RunError, match=r"cannot write to '.*a\.png/out': Not a directory"):
        search(pictures, [(4, 1)], 1, output=pictures / "a.png" / "out", study=elsewhere)
    assert names(open_storage(study_url(elsewhere)), "") == []


def test_a_search_that_ends_early_says_so(search: Search, pictures: Path) -> None:
    told = search(pictures / "a.png", [(4, 1)], 5)
    early = "The search ended early: the last 9 proposals were known already or not allowed."
    assert told["notes"][0] == early
    # The picture is restored as a run of the preset does it, which fits of two steps do not help.
    assert told["notes"][-1] == "the result is 100% collaborative"


def test_a_space_brings_the_fit_options_of_its_networks(toys: Plugins, pictures: Path) -> None:
    def jitter(space: str, **fit: float) -> float:
        content = {"data": str(pictures / "a.png"), "corrupt": {}, "space": space, "fit": fit}
        request = parse(SearchRequest, content, "")
        planned = plan_search("denoise", request, toys, Path())
        return float(planned.settings()["fit"]["jitter"])

    assert jitter("compact") == 0.1
    assert jitter("nas-dip") == 0.03
    assert jitter("nas-dip", jitter=0.5) == 0.5


def test_a_known_architecture_waits_for_room(
    search: Search, pictures: Path, tmp_path: Path
) -> None:
    """Asked for where a study is complete it is no trial, and is not forgotten either."""
    search(pictures / "a.png", [(4, 1)], 1, output=tmp_path / "first")
    known = [str(tmp_path / "first" / "best.yaml")]
    url = study_url(tmp_path / "out")
    found = []
    for count, words in ((1, {}), (1, {"known": known}), (2, {"known": known})):
        search(pictures / "a.png", [(2, 1), (10, 1)], count, **words)
        trials = load_study(open_storage(url), url).trials
        found.append([(t.params["width"], t.user_attrs.get("known")) for t in trials])
    assert found == [[(2, None)], [(2, None)], [(2, None), (4, known[0])]]


def test_a_known_file_that_holds_another_network_by_now_is_another_one(
    search: Search, pictures: Path, tmp_path: Path
) -> None:
    for width in (4, 10):
        search(pictures / "a.png", [(width, 1)], 1, output=tmp_path / f"{width}")
    known = tmp_path / "known.yaml"
    for count, width in ((1, 4), (2, 10), (3, 10)):
        known.write_text((tmp_path / f"{width}" / "best.yaml").read_text())
        search(pictures / "a.png", [(2, 1)], count, known=[str(known)])
    url = study_url(tmp_path / "out")
    trials = load_study(open_storage(url), url).trials
    assert [t.params["width"] for t in trials if "known" in t.user_attrs] == [4, 10]


def test_options_of_plugins_that_are_not_named(toys: Plugins, pictures: Path) -> None:
    content = {
        "data": str(pictures / "a.png"),
        "space": {"with": {}},
        "strategy": {"with": {"population": 30}},
        "reward": {"with": {"fraction": 0.2}},
    }
    planned = plan_search("denoise", parse(SearchRequest, content, ""), toys, Path())
    settings = planned.settings()
    assert (settings["space"]["uses"], settings["strategy"]["uses"]) == ("compact", "evolution")
    assert settings["strategy"]["with"]["population"] == 30
    assert settings["reward"] == {"uses": "held-out", "with": {"fraction": 0.2}}


def test_of_fits_that_cannot_be_averaged_the_first_is_taken(
    search: Search, toys: Plugins, tmp_path: Path
) -> None:
    matrix = tmp_path / "matrix.npy"
    np.save(matrix, np.random.default_rng(0).random((12, 10), np.float32))
    words: dict[str, Any] = {"corrupt": None, "task": {"rank": 2}, "reward": "held-out"}
    told = search(matrix, [(4, 1)], 1, task="factorize", options=words)
    assert "a fit of a search is taken" in told["notes"]
    again = nasdip_core.restore(
        matrix,
        "factorize",
        arch=f"{tmp_path / 'out'}#best",
        options={"task.rank": 2},
        output=tmp_path / "run",
        plugins=toys,
    )
    assert len(again.result["fits"]) == 1
    assert "a fit of a search is taken" in again.notes
    found, run = (np.load(tmp_path / folder / "restored.npy") for folder in ("out", "run"))
    np.testing.assert_array_equal(found, run)


def test_without_room_for_fits_the_search_says_that_it_restores_nothing(
    search: Search, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RunError("no space left")

    monkeypatch.setattr(KeptFits, "save", full)
    told = search(pictures / "a.png", [(4, 1)], 1)
    assert "restored" not in told["outputs"]
    assert "architecture" in told["outputs"]
    assert any("The picture is not restored" in note for note in told["notes"])


def test_the_fits_are_found_wherever_the_study_is(
    search: Search, pictures: Path, toys: Plugins, tmp_path: Path
) -> None:
    study = tmp_path / "elsewhere" / "runs.db"
    search(pictures / "a.png", [(4, 1)], 1, study=study)
    assert len(resolve_reference(f"{study}#best", toys, Path()).fits) == 3
    search(pictures / "a.png", [(4, 1)], 1, output=tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    assert len(resolve_reference(f"{tmp_path / 'new'}#best", toys, Path()).fits) == 3


def test_fits_of_a_search_that_saw_no_truth_are_made_anew_to_be_judged(
    search: Search, pictures: Path, toys: Plugins, tmp_path: Path
) -> None:
    picture = str(pictures / "a.png")
    search(pictures / "a.png", [(4, 1)], 1, options={"corrupt": None})
    words = {
        "picture": picture,
        "arch": f"{tmp_path / 'out'}#best",
        "fit": {"steps": 2, "stopping": "fixed"},
    }
    for truth, taken in ((None, 3), (picture, 0)):
        request = parse(RestoreRequest, {**words, "truth": truth}, "")
        assert len(resolve("denoise", request, toys, Path()).kept) == taken


def test_fits_are_taken_for_the_same_mask_only(
    search: Search, pictures: Path, toys: Plugins, tmp_path: Path
) -> None:
    masks = [tmp_path / "one.png", tmp_path / "other.png"]
    for row, mask in enumerate(masks):
        hole = np.zeros((16, 16), np.uint8)
        hole[4 + row] = 255
        Image.fromarray(hole).save(mask)
    given = {"corrupt": None, "mask": str(masks[0])}
    search(pictures / "a.png", [(4, 1)], 1, task="inpaint", options=given)
    words = {
        "picture": str(pictures / "a.png"),
        "arch": f"{tmp_path / 'out'}#best",
        "fit": {"steps": 2, "stopping": "fixed"},
        "recipe": {},
    }
    for mask, taken in zip(masks, (3, 0), strict=True):
        request = parse(RestoreRequest, {**words, "mask": str(mask)}, "")
        assert len(resolve("inpaint", request, toys, Path()).kept) == taken
    with pytest.raises(StudyError, match="has mask = "):
        search(
            pictures / "a.png",
            [(4, 1)],
            2,
            task="inpaint",
            options={**given, "mask": str(masks[1])},
        )


@pytest.mark.parametrize("wrong", [{"trials": 0}, {"workers": 0}])
def test_counts_are_one_or_more(wrong: dict[str, int], waves_file: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="= 0; it must be 1 or more"):
        nasdip_core.search(waves_file, "denoise", output=tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_a_comparison_that_fails_is_told(
    search: Search, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> float:
        raise RunError("it breaks")

    monkeypatch.setattr(Finals, "_value", failing)
    told = search(pictures / "a.png", [(4, 1)], 1)
    assert told["notes"] == [
        "3 of 3 fits of the last comparison failed: it breaks",
        "The picture is not restored: no fit of the best network was kept.",
    ]


def test_several_of_the_best_are_one_method_of_a_bench(
    search: Search, pictures: Path, toys: Plugins, tmp_path: Path
) -> None:
    search(pictures / "a.png", [(4, 1), (2, 1)], 2)
    bench = plan_bench("denoise", pictures, {}, toys, archs=[f"{tmp_path / 'out'}#top2"])
    assert [method.label for method in bench.methods] == ["nasdip-trial-0-nasdip-trial-1"]
