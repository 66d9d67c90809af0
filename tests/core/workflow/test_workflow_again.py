"""Steps whose inputs have changed: done again from new inputs, and never taken for done."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flows import ALBUM, SEARCH, Make, go
from PIL import Image

from nasdip_core.errors import RunError
from nasdip_core.hooks import Offer, hookimpl
from nasdip_core.pipeline.budget import Plan
from nasdip_core.plugins import Plugins
from nasdip_core.workflow.run import Workflow
from nasdip_core.workflow.state import begun_step

TWO = """
nasdip: 1
steps:
- {id: a, uses: task.denoise, with: {picture: clean.png, task: {sigma: 9}, arch: tiny.yaml}}
- {id: b, uses: task.denoise, with: {picture: "${a.restored}", task: {sigma: 9}, arch: tiny.yaml}}
"""


def picture(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path)).astype(float)


def restored(workflow: Workflow, id_: str) -> np.ndarray:
    return picture(workflow.folder / id_ / "restored.png")


def grey(path: Path, value: int) -> None:
    Image.new("RGB", (32, 24), (value, value, value)).save(path)


def test_another_picture_of_the_same_name(make: Make, folder: Path) -> None:
    go(make(TWO))
    grey(folder / "clean.png", 200)
    ran, _ = go(make(TWO))
    assert ran == ["a", "b"]
    fresh = make(TWO, output="fresh")
    go(fresh)
    for id_ in ("a", "b"):
        assert np.array_equal(restored(make(TWO), id_), restored(fresh, id_))


def test_another_step_before_it(make: Make, folder: Path) -> None:
    go(make(TWO))
    changed = make(TWO, changes={"a": {"seed": 3}})
    go(changed)
    fresh = make(TWO, changes={"a": {"seed": 3}}, output="fresh")
    go(fresh)
    assert np.array_equal(restored(changed, "b"), restored(fresh, "b"))


def test_an_interrupted_step_does_not_go_on_with_another_picture(make: Make, folder: Path) -> None:
    workflow = make(TWO)
    go(workflow, only="a")
    # As a killed process leaves it: begun, and not done.
    (workflow.folder / "a" / "result.json").unlink()
    noted = json.loads((workflow.folder / "a" / "step.json").read_text())
    (workflow.folder / "a" / "step.json").write_text(json.dumps({**noted, "outputs": None}))
    before = (workflow.folder / "a" / "events.jsonl").read_text()
    grey(folder / "clean.png", 200)
    go(make(TWO), only="a")
    assert (workflow.folder / "a" / "events.jsonl").read_text() != before
    fresh = make(TWO, output="fresh")
    go(fresh, only="a")
    assert np.array_equal(restored(workflow, "a"), restored(fresh, "a"))


def test_only_the_picture_that_changed_is_restored_again(make: Make, folder: Path) -> None:
    workflow = make(ALBUM)
    go(workflow)
    results = {name: workflow.folder / "a" / name / "result.json" for name in ("one", "two")}
    before = {name: path.stat().st_mtime_ns for name, path in results.items()}
    grey(folder / "album" / "two.png", 200)
    earlier = picture(workflow.folder / "a" / "restored" / "two.png")
    assert go(make(ALBUM))[0] == ["a"]
    assert results["one"].stat().st_mtime_ns == before["one"]
    assert results["two"].stat().st_mtime_ns != before["two"]
    assert not np.array_equal(picture(workflow.folder / "a" / "restored" / "two.png"), earlier)


def test_a_timed_step_keeps_what_it_has_finished(
    make: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As it would be planned, but for two steps on any machine.
    planned = lambda resolved, *_, **__: Plan(replace(resolved, seconds=None))  # noqa: E731
    monkeypatch.setattr("nasdip_core.pipeline.restore.plan_for", planned)
    text = ALBUM.replace("arch: tiny.yaml", "arch: tiny.yaml, seconds: 6")
    (folder / "album" / "two.png").unlink()
    (folder / "album" / "bad.png").write_bytes(b"no picture")
    with pytest.raises(RunError, match="1 of 2 pictures failed"):
        go(make(text))
    result = make(text).folder / "a" / "one" / "result.json"
    before = result.stat().st_mtime_ns
    (folder / "album" / "bad.png").unlink()
    go(make(text))
    assert result.stat().st_mtime_ns == before
    go(make(text.replace("seconds: 6", "seconds: 7")))
    assert result.stat().st_mtime_ns != before


def test_a_step_whose_output_is_gone_is_done_again(make: Make, folder: Path) -> None:
    workflow = make(TWO)
    go(workflow)
    before = restored(workflow, "a")
    result = workflow.folder / "b" / "result.json"
    made = result.stat().st_mtime_ns
    (workflow.folder / "a" / "restored.png").unlink()
    assert go(make(TWO))[0] == ["a", "b"]
    assert np.array_equal(restored(workflow, "a"), before)
    assert result.stat().st_mtime_ns == made, "of the same picture as before"


def test_a_search_whose_study_is_gone_is_done_again(make: Make) -> None:
    workflow = make(SEARCH)
    _, done = go(workflow)
    assert go(make(SEARCH))[0] == []
    Path(done["found"].outputs["study"]).unlink()
    assert go(make(SEARCH))[0] == ["found"]


def test_what_needs_a_step_that_comes_out_otherwise_is_done_again(make: Make, folder: Path) -> None:
    """As with another number of fits in the same time."""
    go(make(TWO))
    album = make(TWO).folder / "a"
    note = json.loads((album / "step.json").read_text())
    go(make(TWO, changes={"a": {"seed": 5}}), only="a")
    (album / "step.json").write_text(json.dumps(note))  # as if the settings had been the same
    assert go(make(TWO))[0] == ["b"]
    fresh = make(TWO, changes={"a": {"seed": 5}}, output="fresh")
    go(fresh)
    assert np.array_equal(restored(make(TWO), "b"), restored(fresh, "b"))


def test_two_pictures_of_one_stem_keep_their_names(make: Make, folder: Path) -> None:
    picture = Image.open(folder / "album" / "two.png")
    picture.save(folder / "album" / "two.jpg")
    (folder / "album" / "one.png").rename(folder / "album" / "restored.png")
    picture.save(folder / "album" / "all-restored.png")
    workflow = make(ALBUM)
    _, done = go(workflow)
    gathered = Path(done["a"].outputs["restored"])
    names = {path.name for path in gathered.iterdir()}
    assert names == {"two.png", "two.jpg", "restored.png", "all-restored.png"}
    assert (workflow.folder / "a" / "all-restored" / "report.html").exists()


@pytest.mark.usefixtures("here")
def test_a_comparison_is_done_again(make: Make, folder: Path) -> None:
    (folder / "album" / "two.png").unlink()
    text = """
nasdip: 1
steps:
- id: both
  uses: step.bench
  with: {task: denoise, data: album, baseline: [total-variation], options: {corrupt: {sigma: 20}}}
"""
    workflow = make(text)
    go(workflow)
    units = workflow.folder / "both" / "bench" / "units"
    assert len(list(units.glob("*.json"))) == 1
    go(make(text, changes={"both": {"seeds": 2}}))
    assert len(list(units.glob("*.json"))) == 2
    before = {path.name: path.stat().st_mtime_ns for path in units.glob("*.json")}
    go(make(text, changes={"both": {"seeds": 2}}), since="both")
    assert all(path.stat().st_mtime_ns != before[path.name] for path in units.glob("*.json"))


@pytest.mark.usefixtures("workers_here")
def test_a_search_is_done_again_but_goes_on_for_more_trials(make: Make) -> None:
    workflow = make(SEARCH)
    study = workflow.folder / "found" / "study.db"
    go(workflow)
    file = study.stat().st_ino
    go(make(SEARCH, changes={"found": {"trials": 2}}))
    assert study.stat().st_ino == file
    fits = {path.name for path in (workflow.folder / "found" / "fits").iterdir()}
    go(make(SEARCH, changes={"found": {"options": {"fit": {"steps": 2}}}}))
    anew = {path.name for path in (workflow.folder / "found" / "fits").iterdir()}
    assert len(fits) == len(anew) == 1
    assert fits != anew


def test_a_file_that_is_a_plugin_is_what_a_step_is_made_from(
    make: Make, folder: Path, plugins: Plugins
) -> None:
    class Guest:
        @hookimpl
        def nasdip_offers(self) -> list[Offer]:
            factory = "nasdip_plugins.refine.collaborative:Collaborative"
            return [Offer(kind="refine", name="mine", summary="x", factory=factory)]

    file = folder / "guest.py"
    file.write_text("x = 1\n")
    plugins.add(Guest(), "file", "guest", "0", str(file))
    named = TWO.replace("arch: tiny.yaml}", "arch: tiny.yaml, recipe: {refine: [mine]}}", 1)
    before, other = make(named).keys(), make(TWO).keys()
    file.write_text("x = 2\n")
    after = make(named).keys()
    assert before["a"].begun != after["a"].begun
    assert before["b"].begun == after["b"].begun, "it names another plugin"
    assert before["b"].whole != after["b"].whole
    assert make(TWO).keys() == other


def test_signs_in_names_and_folders_within_folders(make: Make, folder: Path) -> None:
    (folder / "nest" / "in").mkdir(parents=True)
    (folder / "nest" / "in" / "x.txt").write_text("one")
    grey(folder / "p#1.png", 9)
    text = (
        "nasdip: 1\nsteps:\n- {id: a, uses: step.save, with: {file: 'p#1.png', to: 'q#1.png'}}\n"
        "- {id: b, uses: step.save, with: {file: nest, to: copied}}\n"
    )
    go(make(text))
    assert go(make(text))[0] == []
    grey(folder / "p#1.png", 99)
    (folder / "nest" / "in" / "x.txt").write_text("two")
    assert go(make(text))[0] == ["a", "b"]
    assert picture(folder / "q#1.png").mean() == 99
    assert (folder / "copied" / "in" / "x.txt").read_text() == "two"
    (folder / "q#1.png").unlink()
    assert go(make(text))[0] == ["a"]


def test_what_steps_write_among_their_inputs_is_no_input(make: Make, folder: Path) -> None:
    workflow = make(ALBUM, output="album/out")
    go(workflow)
    assert go(make(ALBUM, output="album/out"))[0] == []


def test_a_folder_that_cannot_be_written_is_named(make: Make, folder: Path) -> None:
    (folder / "afile").write_text("")
    with pytest.raises(RunError, match="afile"):
        go(make(TWO, output="afile"))


@pytest.mark.parametrize("noted", ['{"key": "x", "outputs": {}}', "[1]", "{"])
def test_a_note_that_says_something_else_is_none(make: Make, noted: str) -> None:
    workflow = make(TWO)
    (workflow.folder / "a").mkdir(parents=True)
    (workflow.folder / "a" / "step.json").write_text(noted)
    assert begun_step(workflow.folder / "a") is None
    assert "a" not in workflow.done(workflow.keys())


def test_what_an_earlier_step_writes_may_be_named_by_its_path(make: Make, folder: Path) -> None:
    text = """
    nasdip: 1
    steps:
    - {id: hurt, uses: step.corrupt, with: {task: denoise, picture: clean.png}}
    - {id: keep, uses: step.save, with: {file: "${hurt.damaged}", to: kept.png, replace: true}}
    - {id: look, uses: step.save, needs: [keep], with: {file: kept.png, to: seen.png}}
    """
    assert go(make(text))[0] == ["hurt", "keep", "look"]
    assert go(make(text))[0] == []


def test_what_lies_beside_the_file_by_the_name_of_a_plugin_is_no_input(
    make: Make, folder: Path
) -> None:
    text = """
    nasdip: 1
    steps:
    - {id: hurt, uses: step.corrupt, with: {task: denoise, picture: clean.png}}
    - id: clean
      uses: task.denoise
      with: {picture: "${hurt.damaged}", arch: tiny.yaml, fit: {stopping: {uses: fixed}}}
    """
    go(make(text))
    for name in ("denoise", "fixed"):
        (folder / name).mkdir()
    assert go(make(text))[0] == []
    (folder / "tiny.yaml").write_text((folder / "tiny.yaml").read_text() + "# changed\n")
    assert go(make(text))[0] == ["clean"]
