"""`nasdip run FOLDER`: every picture, past a bad one, resumable."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from nasdip_core.errors import ExitCode, RunError
from nasdip_core.pipeline.jobs import batch
from nasdip_core.plugins import Plugins

Cli = Callable[..., Any]
Tiny = tuple[str, ...]


@pytest.fixture
def album(waves: np.ndarray, tmp_path: Path) -> Path:
    """Two good pictures of one stem, a broken one, one in another script, and a note."""
    folder = tmp_path / "my album"
    folder.mkdir()
    Image.fromarray(waves).save(folder / "a.png")
    Image.fromarray(waves[..., 0]).save(folder / "a.tif")
    Image.fromarray(waves).save(folder / "фото 1.png")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.png").write_bytes(b"")
    return folder


def test_options_of_the_task_that_are_none(cli: Cli, album: Path, tmp_path: Path) -> None:
    file = tmp_path / "flow.yaml"
    step = f"{{uses: task.denoise, id: a, with: {{picture: {album.name}, task: foo}}}}"
    file.write_text(f"nasdip: 1\nsteps:\n- {step}\n")
    answer = cli("run", file)
    assert answer.code == ExitCode.OPTION
    assert "flow.yaml:3:" in answer.err


def test_a_folder_goes_on_past_a_bad_file(cli: Cli, tiny: Tiny, album: Path) -> None:
    answer = cli("run", "-t", "denoise", album, *tiny, "--json")
    assert answer.code == 1
    found = json.loads(answer.out)
    assert found["schema"] == "nasdip.batch/1"
    assert [r["schema"] for r in found["results"]] == ["nasdip.result/1"] * 3
    [failure] = found["failures"]
    assert (failure["picture"], failure["exit_code"]) == ("broken.png", 5)
    assert "broken.png" in failure["error"]
    folder = Path("nasdip-out/my album-denoise")
    assert {p.name for p in folder.iterdir()} == {"a.png", "a.tif", "фото 1"}
    assert (folder / "a.tif" / "restored.tif").exists()
    assert "1 of 4 pictures failed" in answer.err


def test_every_picture_has_a_folder_of_its_own(plugins: Plugins, tmp_path: Path) -> None:
    names = ["a.jpg", "a.png", "a.png.tif", "b.png"]
    for name in names:
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    planned = batch(tmp_path, "denoise", {}, tmp_path / "out", plugins)
    assert [job.folder.name for job in planned.jobs] == [*names[:3], "b"]


def test_a_folder_resumes_where_it_stopped(cli: Cli, tiny: Tiny, album: Path) -> None:
    (album / "broken.png").unlink()
    words = ("run", "-t", "denoise", album, "-o", "out", *tiny, "--json")
    first = cli(*words)
    assert first.code == 0, first.err
    before = (Path("out") / "фото 1" / "result.json").stat().st_mtime_ns
    (Path("out") / "a.png" / "result.json").unlink()
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(album / "late.png")
    second = cli(*words, "--resume")
    assert second.code == 0, second.err
    assert len(json.loads(second.out)["results"]) == 4
    assert (Path("out") / "фото 1" / "result.json").stat().st_mtime_ns == before
    assert (Path("out") / "a.png" / "result.json").exists()
    third = cli(*words)
    assert third.code == 1
    assert len(json.loads(third.out)["failures"]) == 4
    assert "holds a result already" in third.err


def test_masks_and_truths_of_a_folder(
    cli: Cli, tiny: Tiny, album: Path, waves: np.ndarray, tmp_path: Path
) -> None:
    (album / "broken.png").unlink()
    masks = tmp_path / "masks"
    masks.mkdir()
    mask = np.zeros(waves.shape[:2], np.uint8)
    mask[3:6] = 255
    Image.fromarray(mask).save(masks / "a.png")
    Image.fromarray(mask).save(masks / "фото 1.bmp")
    answer = cli("run", "-t", "inpaint", album, "--mask", masks, "--truth", album, *tiny, "--json")
    found = json.loads(answer.out)
    # a.tif finds the mask of its stem, a.png that of its name.
    assert [f["picture"] for f in found["failures"]] == []
    assert all(r["quality"]["self_stopped"]["psnr"] > 0 for r in found["results"])
    (masks / "фото 1.bmp").unlink()
    answer = cli("run", "-t", "inpaint", album, "--mask", masks, "-o", "again", *tiny, "--json")
    [failure] = json.loads(answer.out)["failures"]
    assert failure["picture"] == "фото 1.png"
    assert "there is no mask for 'фото 1.png'" in failure["error"]


def test_a_bad_option_ends_a_folder_at_once(cli: Cli, tiny: Tiny, album: Path) -> None:
    answer = cli("run", "-t", "denoise", album, *tiny, "-S", "fit.stpes=3")
    assert answer.code == 3
    assert not Path("nasdip-out").exists()


def test_the_time_of_a_picture_is_its_own(
    cli: Cli, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the command takes to start is charged to a picture that is alone."""
    seen = []

    def run(*_: Any, started: float | None, **__: Any) -> None:
        seen.append(started)
        raise RunError("enough")

    monkeypatch.setattr("nasdip_core.pipeline.restore.run", run)
    cli("run", "-t", "denoise", album, "--preset", "fast", "--seconds", "9")
    assert seen == [None] * 4
    cli("run", "-t", "denoise", album / "a.png", "--preset", "fast", "--seconds", "9")
    assert seen[4] is not None


def test_a_dry_run_of_a_folder(cli: Cli, tiny: Tiny, album: Path) -> None:
    answer = cli("run", "-t", "denoise", album, *tiny, "--dry-run", "--json")
    found = json.loads(answer.out)
    assert [r["schema"] for r in found["results"]] == ["nasdip.plan/1"] * 3
    assert not Path("nasdip-out").exists()


def test_a_folder_by_several_workers(cli: Cli, tiny: Tiny, album: Path, waves: np.ndarray) -> None:
    """Past a bad file, resumable, and to the same pictures as one by one."""
    (album / "a.tif").unlink()
    Image.fromarray(waves).save(album / "a.png", transparency=(0, 0, 0))
    Path("random.py").write_text("raise SystemExit('a file of the user, no module')")
    words = ("run", "-t", "denoise", album, *tiny, "--json")
    one_by_one = cli(*words, "-o", "alone")
    alone = json.loads(one_by_one.out)
    answer = cli(*words, "-o", "out", "--workers", "2")
    assert answer.code == 1
    note = "note: its transparent colour is written as an alpha channel\n"
    assert note in one_by_one.err
    assert f"a.png: {note}" in answer.err
    found = json.loads(answer.out)
    assert [r["schema"] for r in found["results"]] == ["nasdip.result/1"] * 2
    assert found["failures"] == alone["failures"]
    assert {p.name for p in Path("out").iterdir()} == {"a", "фото 1"}
    for name in ("a", "фото 1"):
        both = [Path(folder, name, "restored.png").read_bytes() for folder in ("alone", "out")]
        assert both[0] == both[1]
    before = (Path("out") / "a" / "result.json").stat().st_mtime_ns
    (Path("out") / "фото 1" / "result.json").unlink()
    (album / "broken.png").unlink()
    again = cli(*words[:-1], "-o", "out", "--launcher", "processes", "--resume")
    assert again.code == 0, again.err
    for name in ("a", "фото 1"):
        assert f"out/{name}/restored.png\n" in again.out
        assert f"out/{name}/report.html\n" in again.out
    assert (Path("out") / "a" / "result.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("workers", [1, 2])
def test_an_output_folder_that_is_a_file(cli: Cli, tiny: Tiny, album: Path, workers: int) -> None:
    Path("taken").write_text("mine")
    answer = cli("run", "-t", "denoise", album, *tiny, "-o", "taken", "--workers", workers)
    assert answer.code == ExitCode.FAILED
    assert "cannot write to '" in answer.err
    assert "internal error" not in answer.err
    assert Path("taken").read_text() == "mine"


def test_launchers_are_for_folders(cli: Cli, tiny: Tiny, album: Path) -> None:
    for words in (("--launcher", "processes"), ("-S", "launcher=processes")):
        single = cli("run", "-t", "denoise", album / "a.png", *tiny, *words)
        assert (single.code, "--launcher is for folders" in single.err) == (3, True)
    unknown = cli("run", "-t", "denoise", album, *tiny, "--launcher", "moon")
    assert (unknown.code, "unknown launcher 'moon'" in unknown.err) == (4, True)


@pytest.mark.usefixtures("workers_here")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_whose_picture_is_a_folder(
    cli: Cli, tiny: Tiny, album: Path, tmp_path: Path, workers: int
) -> None:
    """The same as the folder on the command line; its paths are relative to the file."""
    (album / "broken.png").unlink()
    (tmp_path / "flows").mkdir()
    step = {"id": "clean", "uses": "task.denoise", "with": {"picture": "../my album"}}
    content = {"nasdip": 1, "name": "all", "steps": [step]}
    (tmp_path / "flows" / "flow.yaml").write_text(yaml.safe_dump(content))
    answer = cli("run", "flows/flow.yaml", *tiny, "--json", "--workers", str(workers))
    assert answer.code == 0, answer.err
    assert len(json.loads(answer.out)["results"]) == 3
    assert {p.name for p in Path("nasdip-out/all").iterdir()} == {"a.png", "a.tif", "фото 1"}


def test_masks_and_truths_beside_a_file_elsewhere(cli: Cli, tiny: Tiny, waves_file: Path) -> None:
    for role in ("pictures", "masks"):
        (waves_file.parent / "flows" / role).mkdir(parents=True)
        Image.open(waves_file).save(waves_file.parent / "flows" / role / "a.png")
    with_ = "{picture: pictures, mask: masks, truth: pictures}"
    text = f"nasdip: 1\nsteps:\n- {{id: a, uses: task.inpaint, with: {with_}}}\n"
    (waves_file.parent / "flows" / "flow.yaml").write_text(text)
    answer = cli("run", "flows/flow.yaml", *tiny, "-o", "out")
    assert answer.code == 0, answer.err
    assert Path("out", "a", "restored.png").exists()
