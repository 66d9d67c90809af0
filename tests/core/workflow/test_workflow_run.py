"""Pipelines run: chains, folders, what is unchanged, what is done again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flows import ALBUM, CHAIN, SEARCH, Make, go
from PIL import Image

from nasdip_core.errors import NasdipError, OptionError, PluginError, RunError
from nasdip_core.fit.events import Event
from nasdip_core.workflow.run import run_workflow, wanted
from nasdip_plugins.step.save import Save


def test_a_chain(make: Make, folder: Path) -> None:
    ran, done = go(make(CHAIN))
    assert ran == ["hurt", "clean", "page", "keep"]
    restored = Path(done["clean"].outputs["restored"])
    assert restored == folder / "out" / "clean" / "restored.png"
    assert (folder / "kept.png").read_bytes() == restored.read_bytes()
    damaged = np.asarray(Image.open(done["hurt"].outputs["damaged"])).astype(float)
    truth = np.asarray(Image.open(done["hurt"].outputs["truth"])).astype(float)
    assert 15 < (damaged - truth).std() < 25
    result = json.loads(Path(done["clean"].outputs["result"]).read_text())
    assert result["quality"]["self_stopped"]["psnr"] > 5, "the truth came with it"
    assert "tiny" in Path(done["page"].outputs["page"]).read_text()


def test_the_damage_is_that_of_a_run_with_corrupt(make: Make, folder: Path) -> None:
    _, done = go(make(CHAIN))
    text = (
        "nasdip: 1\nsteps:\n- id: both\n  uses: task.denoise\n  with: {picture: clean.png, "
        "corrupt: {sigma: 20}, arch: tiny.yaml}\n- {id: x, uses: step.save, with: {file: "
        "'${both.restored}', to: y.png}}\n"
    )
    go(make(text))
    ours = Path(done["hurt"].outputs["damaged"]).read_bytes()
    assert (folder / "out" / "both" / "damaged.png").read_bytes() == ours


def test_what_a_damage_does_not_make_is_told(make: Make) -> None:
    text = CHAIN.replace('"${hurt.damaged}"', '"${hurt.guide}"')
    with pytest.raises(OptionError, match="step 'hurt' has put out no 'guide'"):
        go(make(text))


def test_what_is_unchanged_is_not_done_again(make: Make, folder: Path) -> None:
    go(make(CHAIN))
    assert go(make(CHAIN))[0] == []


def test_what_follows_from_a_change_is_done_again(make: Make, folder: Path) -> None:
    replace = CHAIN.replace("to: kept.png", "to: kept.png, replace: true")
    go(make(replace))
    changed = replace.replace("arch: tiny.yaml", "arch: tiny.yaml, fit: {steps: 3}")
    assert go(make(changed))[0] == ["clean", "page", "keep"]
    assert go(make(changed, changes={"clean": {"fit": {"steps": 4}}}))[0] == [
        "clean",
        "page",
        "keep",
    ]
    # A file's content counts, not its name.
    Image.new("RGB", (32, 24), (9, 99, 199)).save(folder / "clean.png")
    assert go(make(changed))[0] == ["hurt", "clean", "page", "keep"]
    (folder / "tiny.yaml").write_text((folder / "tiny.yaml").read_text() + "# \n")
    assert go(make(changed))[0] == ["clean", "page", "keep"]
    Path(folder / "out" / "page" / "index.html").unlink()
    assert go(make(changed))[0] == ["page"]


def test_the_command_line_counts(make: Make) -> None:
    replace = CHAIN.replace("to: kept.png", "to: kept.png, replace: true")
    go(make(replace))
    assert go(make(replace, given={"seed": 3}))[0] == ["clean", "page", "keep"]


def test_a_step_given_another_network_leaves_its_preset(make: Make) -> None:
    text = CHAIN.replace("arch: tiny.yaml", "preset: fast")
    workflow = make(text, changes={"clean": {"arch": "tiny.yaml"}})
    clean = next(node for node in workflow.graph.nodes if node.step.id == "clean")
    options = clean.step.with_
    assert options["arch"] == "tiny.yaml"
    assert "preset" not in options


def test_only_one_step_and_from_a_step_on(make: Make) -> None:
    workflow = make(CHAIN.replace("to: kept.png", "to: kept.png, replace: true"))
    with pytest.raises(OptionError, match="step 'page' needs 'clean', which is not done"):
        go(workflow, only="page")
    assert go(workflow, only="hurt")[0] == ["hurt"]
    go(workflow)
    before = Path(workflow.folder / "clean" / "events.jsonl").stat().st_mtime_ns
    assert go(workflow, since="clean")[0] == ["clean", "page", "keep"]
    assert Path(workflow.folder / "clean" / "events.jsonl").stat().st_mtime_ns != before
    with pytest.raises(OptionError, match="did you mean 'clean'"):
        go(workflow, since="cleen")


def test_a_folder_fans_out_and_goes_on_as_a_folder(make: Make, folder: Path) -> None:
    text = """
nasdip: 1
steps:
- id: first
  uses: task.denoise
  with: {picture: album, corrupt: {sigma: 9}, arch: tiny.yaml}
- id: second
  uses: task.denoise
  with: {picture: "${first.restored}", task: {sigma: 3}, arch: tiny.yaml}
"""
    _, done = go(make(text))
    for id_ in ("first", "second"):
        names = {path.name for path in Path(done[id_].outputs["restored"]).iterdir()}
        assert names == {"one.png", "two.png"}
    assert (folder / "out" / "second" / "two" / "report.html").exists()
    Image.open(folder / "album" / "two.png").save(folder / "album" / "two.gif")
    (folder / "album" / "bad.png").write_bytes(b"no picture")
    with pytest.raises(RunError, match=r"1 of 4 pictures failed; the first: bad\.png"):
        go(make(text))
    # Two pictures of one stem are two pictures to the next step, too.
    gathered = {path.name for path in (folder / "out" / "first" / "restored").iterdir()}
    assert gathered == {"one.png", "two.png", "two.gif.png"}


def test_a_folder_of_the_users_is_never_cleared(make: Make, folder: Path) -> None:
    """Outputs are gathered in folders, of which one may be there."""
    mine = folder / "out" / "a" / "restored" / "mine.psd"
    mine.parent.mkdir(parents=True)
    mine.touch()
    with pytest.raises(RunError, match=r"restored' is in the way"):
        go(make(ALBUM))
    mine.rename(folder / "mine.psd")
    go(make(ALBUM))
    (folder / "album" / "two.png").unlink()
    _, done = go(make(ALBUM))
    gathered = [path.name for path in Path(done["a"].outputs["restored"]).iterdir()]
    assert gathered == ["one.png"], "what is there no more is no input of the next step"


def test_a_picture_may_have_the_name_of_an_output(make: Make, folder: Path) -> None:
    (folder / "album" / "two.png").rename(folder / "album" / "restored.png")
    step = "{picture: album, corrupt: {sigma: 9}, arch: tiny.yaml}"
    _, done = go(make(f"nasdip: 1\nsteps:\n- {{id: a, uses: task.denoise, with: {step}}}\n"))
    assert (folder / "out" / "a" / "restored" / "report.html").exists()
    gathered = {path.name for path in Path(done["a"].outputs["restored"]).iterdir()}
    assert gathered == {"one.png", "restored.png"}


def test_a_failure_points_at_the_step_and_keeps_the_others(make: Make, folder: Path) -> None:
    text = CHAIN.replace('file: "${clean.restored}"', "file: missing.png")
    with pytest.raises(NasdipError, match=r"flow.yaml:\d+:\d+: option 'file' = 'missing.png'"):
        go(make(text))
    ran, _ = go(make(CHAIN))
    assert "hurt" not in ran


def test_save_in_another_format_and_never_over_a_file(make: Make, folder: Path) -> None:
    text = (
        "nasdip: 1\nsteps:\n- {id: a, uses: step.save, with: {file: clean.png, to: sub/x.tif}}\n"
        "- {id: b, uses: step.save, with: {file: clean.png, to: taken.png}}\n"
    )
    (folder / "taken.png").write_bytes(b"mine")
    with pytest.raises(OptionError, match=r"taken\.png' is there already; say `replace: true`"):
        go(make(text))
    ours = np.asarray(Image.open(folder / "sub" / "x.tif"))
    assert np.array_equal(ours, np.asarray(Image.open(folder / "clean.png")))
    assert (folder / "taken.png").read_bytes() == b"mine"


def test_save_goes_over_what_it_has_written_itself(make: Make, folder: Path) -> None:
    text = (
        "nasdip: 1\nsteps:\n- {id: a, uses: step.save, with: {file: UP.PNG, to: x.tif}}\n"
        "- {id: b, uses: step.save, with: {file: album, to: copied}}\n"
    )
    for colour in ("red", "blue"):
        Image.new("RGB", (4, 4), colour).save(folder / "UP.PNG")
        Image.new("RGB", (4, 4), colour).save(folder / "album" / "one.png")
        go(make(text))
        for saved in ("x.tif", "copied/one.png"):
            with Image.open(folder / saved) as picture:
                assert picture.format == ("TIFF" if saved == "x.tif" else "PNG")
                assert picture.getpixel((0, 0)) == Image.new("RGB", (1, 1), colour).getpixel((0, 0))
    (folder / "out" / "b" / "step.json").unlink()
    (folder / "out" / "b" / "written").unlink()
    go(make(text))  # nothing has changed: the same folder is no other one
    (folder / "out" / "b" / "step.json").unlink()
    (folder / "out" / "b" / "written").unlink()
    (folder / "copied" / "one.png").write_bytes(b"mine")
    with pytest.raises(OptionError, match="copied' is there already"):
        go(make(text))


@pytest.mark.usefixtures("workers_here")
def test_a_search_and_a_run_with_its_best(make: Make, folder: Path) -> None:
    use = '{picture: clean.png, corrupt: {sigma: 30}, arch: "${found.best}", fit: {steps: 1}}'
    text = f"{SEARCH}- {{id: use, uses: task.denoise, with: {use}}}\n"
    _, done = go(make(text))
    assert done["found"].outputs["best"] == f"{folder / 'out' / 'found'}#best"
    assert Path(done["found"].outputs["restored"]).exists()
    result = json.loads(Path(done["use"].outputs["result"]).read_text())
    assert result["architecture"].startswith("nasdip-trial-")
    assert go(make(text))[0] == []


@pytest.mark.usefixtures("here")
def test_a_comparison(make: Make, folder: Path) -> None:
    text = """
nasdip: 1
steps:
- id: both
  uses: step.bench
  with:
    task: denoise
    data: album
    arch: [tiny.yaml]
    baseline: [total-variation]
    options: {corrupt: {sigma: 20}}
"""
    _, done = go(make(text))
    table = Path(done["both"].outputs["table"]).read_text()
    assert "tiny" in table
    assert "total-variation" in table


def test_progress_reaches_whoever_watches(make: Make) -> None:
    seen: list[Event] = []

    @contextmanager
    def watching(steps: int) -> Iterator[Any]:
        assert steps == 2
        yield seen.append

    workflow = make(CHAIN)
    keys = workflow.keys()
    said: list[str] = []
    run_workflow(workflow, wanted(workflow, {}, "hurt", None), {}, keys, watching, said.append)
    done = workflow.done(keys)
    run_workflow(workflow, wanted(workflow, done, "clean", None), done, keys, watching, said.append)
    assert [event.kind for event in seen][:1] == ["fit-started"]
    assert said[:2] == ["hurt:", "clean:"]


@pytest.mark.usefixtures("here", "workers_here")
def test_files_in_options_are_those_beside_the_pipeline(make: Make, folder: Path) -> None:
    np.save(folder / "blur.npy", np.ones((3, 3)))
    text = """
nasdip: 1
steps:
- id: hurt
  uses: step.corrupt
  with: {task: deblur, picture: clean.png, corrupt: {kernel: blur.npy}}
- id: both
  uses: step.bench
  with: {task: deblur, data: album, arch: [tiny.yaml], options: {corrupt: {kernel: blur.npy}}}
- id: found
  uses: step.search
  with:
    task: deblur
    data: clean.png
    strategy: random
    trials: 1
    options: {corrupt: {kernel: blur.npy}, fit: {steps: 1, stopping: fixed}, limits: {macs: 5.0e6}}
"""
    _, done = go(make(text))
    assert Path(done["found"].outputs["restored"]).exists()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (SystemExit(7), "step 'save' ended the program with 7"),
        ({"page": None}, "step 'save' put out 'page': None, which is no text"),
        ({"page": Path("x")}, "put out 'page': .*Path"),
        (None, "put out '': None"),
        ({}, "step 'save' has put out nothing and not 'file'"),
        ({"other": "x"}, "has put out 'other' and not 'file'.*; return what `outputs`"),
    ],
)
def test_what_a_step_must_not_do(
    made: Any, said: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object) -> Any:
        if isinstance(made, BaseException):
            raise made
        return made

    monkeypatch.setattr(Save, "run", run)
    text = "nasdip: 1\nsteps:\n- {id: a, uses: step.save, with: {file: clean.png, to: y.png}}\n"
    with pytest.raises(PluginError, match=said):
        go(make(text))
