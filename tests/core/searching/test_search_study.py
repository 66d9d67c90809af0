"""Which study a search goes on with, and what it takes of others: nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nasdip_core.errors import RunError, StudyError
from nasdip_core.options import parse
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins
from nasdip_core.study.reference import resolve_reference
from nasdip_core.study.storage import open_storage, study_url
from nasdip_core.study.study import load_study

Search = Callable[..., dict[str, Any]]


def test_a_study_has_its_own_fits(
    search: Search, pictures: Path, toys: Plugins, tmp_path: Path
) -> None:
    """In one folder under two names, and after one that was removed."""
    made = {}
    # Beside so much noise a fit of two steps is a part of the picture.
    loud = {"task": {"sigma": 40}}
    for name, seed in (("a", 0), ("b", 1)):
        options = {**loud, "seed": seed}
        told = search(pictures / "c.png", [(4, 1)], 1, name=name, options=options)
        replaced = [note for note in told["notes"] if "are replaced" in note]
        assert [note.partition(" in ")[0] for note in replaced] == (
            ["The files of study 'a'"] if name == "b" else []
        )
        made[name] = (tmp_path / "out" / "restored.png").read_bytes()
    assert made["a"] != made["b"]
    fits = [resolve_reference(f"{tmp_path / 'out'}#{n}/best", toys, Path()).fits for n in made]
    assert [len(paths) for paths in fits] == [3, 3]
    assert not set(fits[0]) & set(fits[1])
    request = {"picture": str(pictures / "c.png"), "arch": f"{tmp_path / 'out'}#a/best"}
    request |= {"corrupt": {"sigma": 25}, **loud}
    judged = {"refine": ["collaborative"], "choice": "blend"}
    for recipe, kept in (
        ({"refine": [], "choice": "last"}, 3),
        ({"fits": 1}, 0),
        # By pixels that these fits have seen.
        (judged, 0),
        ({**judged, "choice": "mean"}, 3),
    ):
        asked = parse(RestoreRequest, {**request, "recipe": recipe}, "")
        assert len(resolve("denoise", asked, toys, Path()).kept) == kept
    (tmp_path / "out" / "study.db").unlink()
    fit = {"fit": {"steps": 9, "stopping": "fixed"}}
    search(pictures / "c.png", [(4, 1)], 1, name="a", options={**loud, **fit})
    assert (tmp_path / "out" / "restored.png").read_bytes() not in made.values()


def test_a_place_for_files_that_cannot_be_is_not_the_studys(
    search: Search, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(RunError, match="cannot store"):
        search(pictures / "a.png", [(4, 1)], 1, artifacts=tmp_path / "taken")
    told = search(pictures / "a.png", [(4, 1)], 1, artifacts=tmp_path / "store")
    assert told["best"]
    with pytest.raises(StudyError, match=r"has its files in '.*store'"):
        search(pictures / "a.png", [(4, 1)], 1, artifacts=tmp_path / "elsewhere")


def test_the_comparison_of_a_study_that_was_deleted_is_not_that_of_the_next(
    search: Search, pictures: Path, tmp_path: Path
) -> None:
    proposals = [(4, 1), (2, 1)]
    search(pictures / "a.png", proposals, 2)
    storage = open_storage(study_url(tmp_path / "out"))
    before = {s.study_name for s in storage.get_all_studies()}
    assert len(before) == 2
    storage.delete_study(storage.get_study_id_from_name("nasdip"))
    search(pictures / "a.png", proposals, 2)
    storage = open_storage(study_url(tmp_path / "out"))
    assert len({s.study_name for s in storage.get_all_studies()} - before) == 1


def test_a_study_of_another_nasdip_stays_as_it_was(
    search: Search, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search(pictures / "a.png", [(4, 1)], 1)
    monkeypatch.setattr("nasdip_core.study.order.version", lambda _: "9.9")
    other = {"fit": {"lr": 0.5}}
    with pytest.raises(StudyError, match=r"and this is 9\.9"):
        search(pictures / "a.png", [(4, 1)], 2, known=["balanced-denoise"], options=other)
    url = study_url(tmp_path / "out")
    assert len(load_study(open_storage(url), url).get_trials()) == 1
