"""Recipes: fits averaged, guides, refinement, and the choice by what nobody has seen."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasdip_core import restore
from nasdip_core.errors import OptionError, PluginError
from nasdip_core.fit.checkpoint import load_checkpoint, save_checkpoint
from nasdip_core.pipeline.chain import Chain
from nasdip_core.pipeline.restore import Restored
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem


def options(**recipe: Any) -> dict[str, Any]:
    return {f"recipe.{name}": value for name, value in recipe.items()} | {"task.sigma": 20}


def test_one_fit_without_anything_is_its_own_only_part(
    noisy: np.ndarray, tiny: dict[str, Any]
) -> None:
    found = restore(noisy, "denoise", arch=tiny, options=options())
    (part,) = found.result["parts"]
    assert (part["name"], part["weight"], part["quality"]) == ("fit", 1.0, None)


def test_fits_are_averaged(noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins) -> None:
    one = restore(noisy, "denoise", arch=tiny, options=options(fits=1), plugins=toys)
    three = restore(noisy, "denoise", arch=tiny, options=options(fits=3), plugins=toys)
    names = [fit["id"] for fit in three.result["fits"]]
    assert names == ["fit-1-of-3", "fit-2-of-3", "fit-3-of-3"]
    assert three.result["iterations"] == 12
    # The first fit is the one that stands alone; the others are different ones.
    two = restore(noisy, "denoise", arch=tiny, options=options(fits=2), plugins=toys)
    first, mean = (p.picture.colour.astype(float) for p in (one, two))
    second = 2 * mean - first
    assert np.abs(second - first).mean() > 0.5
    again = restore(noisy, "denoise", arch=tiny, options=options(fits=3), plugins=toys)
    assert np.array_equal(again.picture.colour, three.picture.colour)


def test_refined_by_the_plugins_in_order(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins
) -> None:
    chain = ["blur", "black"]
    found = restore(noisy, "denoise", arch=tiny, options=options(refine=chain), plugins=toys)
    assert [part["name"] for part in found.result["parts"]] == ["fit", "fit + blur + black"]
    assert [part["weight"] for part in found.result["parts"]] == [0.0, 1.0]
    assert "the result is 100% fit + blur + black" in found.notes
    assert not found.picture.colour.any()


def test_a_filter_alone_needs_no_network(noisy: np.ndarray, toys: Plugins) -> None:
    words = options(fits=0, refine=["blur"])
    found = restore(noisy, "denoise", truth=noisy, options=words, plugins=toys)
    assert found.result["fits"] == []
    assert found.result["iterations"] == 0
    assert found.result["stopping"] is None
    assert found.quality is not None
    assert found.quality["self_stopped"]["psnr"] == found.quality["oracle"]["psnr"] > 20


def test_the_mean_of_refinement_with_and_without_the_fits(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins
) -> None:
    def found(**recipe: Any) -> Restored:
        # Beside so much noise four steps of a tiny network have learnt the picture.
        words = options(refine=["blur"], **recipe) | {"task.sigma": 100}
        return restore(noisy, "denoise", arch=tiny, options=words, plugins=toys)

    mean, on_top, alone = found(choice="mean"), found(), found(fits=0)
    assert [part["weight"] for part in mean.result["parts"]] == [0, 0.5, 0.5]
    expected = (on_top.picture.colour.astype(float) + alone.picture.colour) / 2
    assert np.abs(mean.picture.colour - expected).max() <= 1


def test_fits_that_have_not_learnt_the_picture_stay_out_of_the_mean(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins
) -> None:
    words: dict[str, Any] = {"arch": tiny, "plugins": toys}
    mean = restore(noisy, "denoise", options=options(refine=["blur"], choice="mean"), **words)
    alone = restore(noisy, "denoise", options=options(refine=["blur"], fits=0), **words)
    assert np.array_equal(mean.picture.colour, alone.picture.colour)
    weights = {part["name"]: part["weight"] for part in mean.result["parts"]}
    assert weights == {"fit": 0, "blur": 1}
    assert mean.result["iterations"] == 4
    why = "the network has not learnt the picture in 4 iterations (fit.steps): the filter is alone"
    assert why in mean.notes


@pytest.mark.parametrize("choice", ["best", "blend"])
def test_the_better_one_is_found_without_the_truth(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins, choice: str
) -> None:
    words = options(refine=["black"], choice=choice)
    found = restore(noisy, "denoise", arch=tiny, options=words, plugins=toys)
    weights = {part["name"]: part["weight"] for part in found.result["parts"]}
    assert set(weights) == {"fit", "black", "fit + black"}
    assert weights["fit"] > 0.8
    assert sum(weights.values()) == pytest.approx(1)
    words = options(refine=["blur"], choice=choice)
    found = restore(noisy, "denoise", arch=tiny, options=words, plugins=toys)
    # Four steps of a tiny network are worth next to nothing beside the mean of nine pixels.
    assert found.result["parts"][0]["weight"] < 0.2
    held_out = [part["held_out"] for part in found.result["parts"]]
    assert held_out[1] < held_out[0]


def test_what_is_kept_back_reaches_neither_guide_nor_filter(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    seen: list[tuple[float, bool]] = []
    blur = sys.modules["toy_refines"].Blur
    plain = blur.refine

    def watched(self: Any, problem: Any, pilot: Any) -> Any:
        seen.append((float(problem.fitted.float().mean()), pilot is None))
        return plain(self, problem, pilot)

    monkeypatch.setattr(blur, "refine", watched)
    words = options(guide="blur", refine=["blur"], choice="blend")
    restore(noisy, "denoise", arch=tiny, options=words, plugins=toys)
    alone, guide, on_top, *final = seen
    assert [share < 0.98 for share, _ in (guide, alone, on_top)] == [True] * 3
    assert [no_pilot for _, no_pilot in (guide, alone, on_top)] == [True, True, False]
    assert all(share == 1 for share, _ in final)


def test_a_guide_is_a_further_input_of_the_network(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins
) -> None:
    alone = restore(noisy, "denoise", arch=tiny, options=options(), plugins=toys)
    guided = restore(noisy, "denoise", arch=tiny, options=options(guide="blur"), plugins=toys)
    assert not np.array_equal(alone.picture.colour, guided.picture.colour)
    assert [part["name"] for part in guided.result["parts"]] == ["fit"]


def test_a_guide_needs_an_encoder(noisy: np.ndarray, toys: Plugins) -> None:
    with pytest.raises(OptionError, match="no room for a guide"):
        restore(noisy, "denoise", arch="deep-decoder", options=options(guide="blur"), plugins=toys)


@pytest.mark.parametrize("recipe", [{"fits": 2}, {"refine": ["blur"], "choice": "blend"}])
def test_tiles_follow_the_recipe(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins, recipe: dict[str, Any]
) -> None:
    large = np.tile(noisy, (2, 2))
    words = options(**recipe) | {"tile": 48}
    found = restore(large, "denoise", arch=tiny, options=words, plugins=toys)
    assert len(found.result["fits"]) == 6 * recipe.get("fits", 1)
    assert found.picture.colour.shape[:2] == large.shape


def test_what_is_kept_back_is_not_copied_into_what_it_judges(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins
) -> None:
    """Tiles of which nothing is missing are copied, and held-out errors would be zero there."""
    large = np.tile(noisy, (3, 3))
    hole = np.zeros_like(large)
    hole[10:16, 10:16] = 255
    words = {"recipe.refine": ["blur"], "recipe.choice": "blend", "tile": 48}
    found = restore(large, "inpaint", mask=hole, arch=tiny, options=words, plugins=toys)
    assert len(found.result["fits"]) < 9
    held_out = found.result["parts"][0]["held_out"]
    whole = restore(
        large, "inpaint", mask=hole, arch=tiny, options={**words, "tile": None}, plugins=toys
    )
    assert held_out > 0.2 * whole.result["parts"][0]["held_out"]


def test_a_guide_of_tiles_does_not_see_what_is_kept_back_from_them(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    refine = Chain.refine

    def watched(chain: Chain, problem: RestorationProblem, pilot: Any) -> Any:
        seen.append(problem.kept_back is not None and bool(problem.kept_back.any()))
        return refine(chain, problem, pilot)

    monkeypatch.setattr(Chain, "refine", watched)
    words = options(guide="blur") | {"fit.stopping": "held-out", "tile": 48}
    restore(np.tile(noisy, (2, 2)), "denoise", arch=tiny, options=words, plugins=toys)
    assert seen == [True]


def test_large_pictures_are_refined_in_parts_without_a_trace(
    noisy: np.ndarray, toys: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nasdip_core.pipeline import chain

    large = np.tile(noisy, (3, 3))
    words = options(fits=0, refine=["blur"])
    whole = restore(large, "denoise", options=words, plugins=toys).picture.colour.astype(int)
    monkeypatch.setattr(chain, "_TILE", 64)
    words |= {"tile": 64}
    tiled = restore(large, "denoise", options=words, plugins=toys).picture.colour.astype(int)
    # The toy's mean of nine pixels is darker at a border, in the overlap of a part as well.
    assert np.abs(whole - tiled)[8:-8, 8:-8].mean() < 1.5
    assert tiled.shape == whole.shape


def test_a_recipe_that_fits_no_task(noisy: np.ndarray, toys: Plugins) -> None:
    with pytest.raises(PluginError, match="refine 'black' does not serve the task 'inpaint'"):
        restore(noisy, "inpaint", mask=noisy, options={"recipe.refine": ["black"]}, plugins=toys)
    with pytest.raises(PluginError, match="unknown refine 'blurr'; did you mean 'blur'"):
        restore(noisy, "denoise", options={"recipe.refine": ["blurr"]}, plugins=toys)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ({"fits": 0, "refine": []}, "there must be something in refine"),
        ({"fits": 0, "refine": ["blur"], "guide": "blur"}, "a guide without fits"),
        ({"choice": "worst"}, "recipe.choice"),
    ],
)
def test_senseless_recipes(
    noisy: np.ndarray, toys: Plugins, recipe: dict[str, Any], words: str
) -> None:
    with pytest.raises(OptionError, match=words):
        restore(noisy, "denoise", options=options(**recipe), plugins=toys)


def test_a_plugin_that_returns_no_picture(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins
) -> None:
    with pytest.raises(PluginError, match=r"refine 'wrong' returned \(1, 2, 3\)"):
        restore(noisy, "denoise", arch=tiny, options=options(refine=["wrong"]), plugins=toys)


def test_an_interrupted_recipe_repeats_no_finished_fit(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins, tmp_path: Path
) -> None:
    words = options(fits=3, refine=["blur"], choice="blend")
    whole = restore(noisy, "denoise", arch=tiny, options=words, plugins=toys)

    class Killed(BaseException):
        pass

    def die(event: Any) -> None:
        if event.fit == "fit-3-of-3":
            raise Killed

    given: dict[str, Any] = {"arch": tiny, "options": words, "plugins": toys}
    folder = tmp_path / "out"
    with pytest.raises(Killed):
        restore(noisy, "denoise", **given, output=folder, observers=[die])
    again: list[str] = []
    found = restore(
        noisy,
        "denoise",
        **given,
        output=folder,
        resume=True,
        observers=[lambda event: again.append(event.fit)],
    )
    assert "fit-3-of-3" in again
    assert "fit-1-of-3" not in again
    assert np.array_equal(found.picture.colour, whole.picture.colour)
    assert not list(folder.glob("checkpoint-*"))
    lines = (folder / "events.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["event"] for line in lines]
    assert kinds.count("fit-ended") == 3


@pytest.mark.parametrize("tile", [None, 32])
def test_seconds_are_those_of_all_sessions(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins, tmp_path: Path, tile: int | None
) -> None:
    class Killed(BaseException):
        pass

    def die(event: Any) -> None:
        if event.fit.startswith("fit-2-of-2"):
            raise Killed

    words: dict[str, Any] = {"arch": tiny, "plugins": toys, "output": tmp_path / "out"}
    words["options"] = options(fits=2) | {"tile": tile}
    with pytest.raises(Killed):
        restore(noisy, "denoise", **words, observers=[die])
    for done in (tmp_path / "out").glob("checkpoint-*-done*"):
        found = load_checkpoint(done)
        save_checkpoint(done, found | {"seconds": 1000.0})
    resumed = restore(noisy, "denoise", **words, resume=True)
    assert resumed.result["seconds"] > 1000 * len(resumed.result["fits"]) / 2


def test_the_page_says_what_the_result_is_made_of(
    noisy: np.ndarray, tiny: dict[str, Any], toys: Plugins, tmp_path: Path
) -> None:
    words = options(refine=["blur"], choice="best")
    restore(noisy, "denoise", arch=tiny, options=words, plugins=toys, output=tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    assert "What the result is made of" in page
    assert "fit + blur" in page
