"""`nasdip search` as a user types it: what it leaves, how one goes on from it, every bad word."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from searches import FAST, run, trials, words

from nasdip_core import restore
from nasdip_core.errors import ExitCode

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """A finished search for one damaged picture, its data and what it printed."""
    folder = tmp_path_factory.mktemp("done")
    samples = np.linspace(30, 220, 32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8)
    samples[8:12] = 255
    data, mask = folder / "damaged.png", folder / "mask.png"
    Image.fromarray(samples).save(data)
    hole = np.zeros((32, 32), np.uint8)
    hole[8:12] = 255
    Image.fromarray(hole).save(mask)
    command = ["search", "-t", "inpaint", "--data", str(data), "--mask", str(mask)]
    command += ["--trials", "3", "--workers", "2", "-o", str(folder / "out"), *FAST]
    command += ["--seed-with", str(_known(folder)), "--export", str(folder / "mine.yaml")]
    ended = run(command)
    assert ended.returncode == 0, ended.stderr
    assert [t.user_attrs.get("reason") for t in trials(folder / "out")] == [None] * 3
    return folder, folder / "out", ended.stdout


def _known(folder: Path) -> Path:
    """Return a file with a point of the space: connections to the same level alone."""
    from nasdip_searchspaces.space.nas_dip_pattern import NasDipPattern
    from nasdip_searchspaces.space.options import NasDipPatternOptions

    options = NasDipPatternOptions()
    space = NasDipPattern(**{name: getattr(options, name) for name in type(options).model_fields})
    choices = {d.name: d.name in {"offset+0", "offset0"} for d in space.decisions}
    content = {"architecture": space.decode(choices).model_dump(mode="json", by_alias=True)}
    path = folder / "known.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def test_a_search_for_one_picture_leaves_all_that_it_promises(
    done: tuple[Path, Path, str],
) -> None:
    folder, output, printed = done
    assert {"study.db", "best.yaml", "index.html", "search.json", "restored.png", "fits"} == {
        path.name for path in output.iterdir()
    }
    assert f"restored: {output / 'restored.png'}" in printed
    assert (folder / "mine.yaml").read_text() == (output / "best.yaml").read_text()
    told = json.loads((output / "search.json").read_text())
    assert told["schema"] == "nasdip.search/1"
    assert told["trials"] == {
        "done": 3,
        "pruned": 0,
        "failed": 0,
        "running": 0,
        "duplicates": 0,
        "infeasible": 0,
    }
    assert told["settings"]["reward"]["uses"] == "held-out", "there is no truth"
    assert told["settings"]["proxy"]["decoder.widths"] == [[128] * 5, [16] * 5]
    assert told["history"][0]["known"] == str(folder / "known.yaml")
    assert len(told["best"]) == 3
    assert all(len(place["rewards"]) == 3 for place in told["best"])
    known = np.asarray(Image.open(folder / "damaged.png"))[:8]
    restored = np.asarray(Image.open(output / "restored.png"))
    assert np.array_equal(restored[:8], known)
    assert (restored[8:12] < 250).all(), "the hole is filled"


def test_status_best_and_show(done: tuple[Path, Path, str], cli: Cli, tmp_path: Path) -> None:
    _, output, _ = done
    status = cli("search", "status", output)
    assert status.code == 0
    assert "with fresh seeds" in status.out
    best = cli("search", "best", output)
    assert best.out.strip() == (output / "best.yaml").read_text().strip()
    assert best.err.count("with fresh seeds") == 3
    show = cli("search", "show", output, "--page", tmp_path / "page.html")
    assert show.out.count("done") == 3
    assert (tmp_path / "page.html").read_text().startswith("<!DOCTYPE html>")
    (tmp_path / "mine.png").write_bytes(b"\x89PNG mine")
    refused = cli("search", "show", output, "--page", tmp_path / "mine.png")
    assert (refused.code, refused.err.count("is there, and is no page")) == (1, 1)
    assert (tmp_path / "mine.png").read_bytes() == b"\x89PNG mine"
    assert cli("search", "show", output, "--page", tmp_path / "page.html").code == 0
    told = json.loads(cli("search", "show", output / "study.db", "--json").out)
    assert [trial["state"] for trial in told["history"]] == ["done"] * 3


def test_the_same_command_has_nothing_left_to_do(done: tuple[Path, Path, str], cli: Cli) -> None:
    folder, output, printed = done
    before = (output / "restored.png").read_bytes()
    command = ["search", "-t", "inpaint", "--data", folder / "damaged.png"]
    command += ["--mask", folder / "mask.png", "--trials", "3", "-o", output, *FAST]
    again = cli(*command)
    assert again.code == 0
    assert again.out == printed.replace(f"architecture: {folder / 'mine.yaml'}", _best(output))
    assert (output / "restored.png").read_bytes() == before


def _best(output: Path) -> str:
    return f"architecture: {output / 'best.yaml'}"


def test_another_search_leaves_the_study_unharmed(done: tuple[Path, Path, str], cli: Cli) -> None:
    folder, output, _ = done
    command = ["search", "-t", "inpaint", "--data", folder / "damaged.png"]
    command += ["--mask", folder / "mask.png", "--trials", "9", "-o", output, *FAST]
    for more, difference in (
        (["-S", "fit.steps=3"], "fit.steps = 2, this search 3"),
        (["--strategy", "tpe"], "strategy.uses = evolution, this search tpe"),
        (["--seed", "1"], "seed = 0, this search 1"),
        (["-S", "corrupt.missing=0.3"], None),
        (["-t", "denoise"], None),
    ):
        answer = cli(*command, *more)
        assert answer.code in (ExitCode.STUDY, ExitCode.OPTION)
        assert answer.err.count("\n") == 1
        assert difference is None or difference in answer.err
    assert len(trials(output)) == 3


def test_the_best_restores_any_picture(
    done: tuple[Path, Path, str], cli: Cli, picture: Path, tmp_path: Path
) -> None:
    _, output, _ = done
    # As the preset does it: two fits, or one of each network, and a filter.
    for which in ("best", "top2", "1"):
        folder = tmp_path / which
        damage = ["-S", "corrupt.missing=0.5", "-S", "fit.steps=1", "--json"]
        answer = cli(
            "run", "-t", "inpaint", picture, "--arch", f"{output}#{which}", *damage, "-o", folder
        )
        assert answer.code == 0, answer.err
        assert len(json.loads(answer.out)["fits"]) == 2
        assert len(json.loads(answer.out)["parts"]) == 3
    # What was run can be repeated without the study: here by two networks.
    assert cli("run", tmp_path / "top2" / "pipeline.yaml", "-o", tmp_path / "again").code == 0
    again = (tmp_path / "again" / "restored.png").read_bytes()
    assert again == (tmp_path / "top2" / "restored.png").read_bytes()
    # A picture in memory has no fits that were kept.
    samples = np.asarray(Image.open(picture).convert("RGB"))
    options = {"corrupt.missing": 0.5, "fit.steps": 1}
    restored = restore(samples, "inpaint", arch=f"{output}#best", options=options)
    assert restored.picture.colour.shape == samples.shape
    exported = output / "best.yaml"
    assert (
        cli("run", "-t", "inpaint", picture, "--arch", exported, "--dry-run", *damage[:2]).code == 0
    )


@pytest.mark.usefixtures("workers_here")
def test_fits_of_the_search_are_not_repeated(cli: Cli, picture: Path, tmp_path: Path) -> None:
    """For the picture, the network and the options that were searched on."""
    compact = ["--space", "compact", "-S", "fit.steps=2", "-S", "limits.macs=1e7"]
    given = ["-t", "inpaint", "-S", "corrupt.missing=0.5"]
    command = ["search", *given, "--data", picture, "--trials", "2", "--strategy", "random"]
    output = tmp_path / "out"
    assert cli(*command, *compact, "-o", output).code == 0
    restore = ["run", *given, picture, "--json"]
    for which, fits in (("best", 3), ("top2", 6)):
        answer = cli(*restore, "--arch", f"{output}#{which}", "-o", tmp_path / which)
        assert answer.code == 0, answer.err
        assert f"{fits} fits of a search are taken" in answer.err
        assert len(json.loads(answer.out)["fits"]) == fits
    same = (tmp_path / "best" / "restored.png").read_bytes()
    assert same == (output / "restored.png").read_bytes()
    repeat = cli("run", tmp_path / "top2" / "pipeline.yaml", "-o", tmp_path / "repeat")
    assert repeat.code == 0
    for other in (["--seed", "1"], ["-S", "fit.steps=3"], ["-S", "corrupt.missing=0.4"]):
        answer = cli(*restore, "--arch", f"{output}#best", *other, "-o", tmp_path / "x", "--force")
        assert "of a search are taken" not in answer.err
        assert len(json.loads(answer.out)["fits"]) == 2
    (next((output / "fits").rglob("final-*"))).unlink()
    gone = cli("run", tmp_path / "top2" / "pipeline.yaml", "-o", tmp_path / "gone")
    assert gone.code == ExitCode.FAILED
    assert "is gone; leave `kept` out to fit anew" in gone.err


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--trials", "0"], ExitCode.USAGE, "greater than or equal to 1"),
        (["--space", "nas-dop"], ExitCode.PLUGIN, "did you mean 'nas-dip'?"),
        (["--strategy", "reinfroce"], ExitCode.PLUGIN, "did you mean 'reinforce'?"),
        (["--reward", "psrn"], ExitCode.PLUGIN, "did you mean 'psnr'?"),
        (["--launcher", "moon"], ExitCode.PLUGIN, "unknown launcher 'moon'"),
        (["-S", "fit.stepps=3"], ExitCode.OPTION, "did you mean 'steps'?"),
        (["-S", "pruner.rungs=resolution"], ExitCode.OPTION, "does nothing with pruner 'none'"),
        (["-S", "space.with.width=3"], ExitCode.OPTION, "unknown option 'space.with.width'"),
        (["-S", "strategy.with.batch=0", "--strategy", "reinforce"], ExitCode.OPTION, "batch"),
        (
            ["--pruner", "wilcoxon"],
            ExitCode.OPTION,
            "needs 5 pictures to search on",
        ),
        (["--pruner", "hyperbanana"], ExitCode.OPTION, "'none', 'wilcoxon' or 'hyperband'"),
        (["--strategy", "nsga-ii", "--pruner", "hyperband"], ExitCode.OPTION, "is not pruned"),
        (["--seed-with", "deep-decoder"], ExitCode.OPTION, "is no point of space"),
        (["--seed-with", "nothing"], ExitCode.PLUGIN, "unknown architecture 'nothing'"),
        (["--data", "nothing.png"], ExitCode.PICTURE, "cannot read"),
        (["-S", "pictures=2"], ExitCode.OPTION, "'pictures' is for folders"),
        (["--study", "nonsense://x"], ExitCode.STUDY, "no URL of a study"),
    ],
)
def test_bad_words(
    cli: Cli, picture: Path, tmp_path: Path, more: list[str], code: ExitCode, said: str
) -> None:
    answer = cli(*words(picture, tmp_path / "out", 1), *more)
    assert answer.code == code
    assert said in answer.err
    assert "Traceback" not in answer.err
    assert not (tmp_path / "out").exists()


def test_what_goes_with_what(cli: Cli, picture: Path, tmp_path: Path) -> None:
    undamaged = ["search", "-t", "inpaint", "--data", picture, "-o", tmp_path / "out", *FAST]
    needs = cli(*undamaged, "--reward", "psnr")
    assert (needs.code, "needs the truth" in needs.err) == (ExitCode.OPTION, True)
    crop = cli(*undamaged, "-S", "crop=16")
    assert (crop.code, "changes the picture" in crop.err) == (ExitCode.OPTION, True)
    (tmp_path / "empty").mkdir()
    empty = cli("search", "-t", "inpaint", "--data", tmp_path / "empty")
    assert (empty.code, "holds no picture" in empty.err) == (ExitCode.PICTURE, True)
    nothing = cli("search")
    assert (nothing.code, "give --task TASK" in nothing.err) == (ExitCode.OPTION, True)


def test_studies_that_cannot_be_used(cli: Cli, picture: Path, tmp_path: Path) -> None:
    assert cli("search", "status", tmp_path / "none").code == ExitCode.STUDY
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"not a database, not at all" * 50)
    for command in (
        ["search", "show", broken],
        words(picture, tmp_path / "o", 1, "--study", str(broken)),
    ):
        answer = cli(*command)
        assert answer.code == ExitCode.STUDY
        assert "is damaged" in answer.err
        assert answer.err.count("\n") == 1


def test_a_plugin_that_has_gone_missing(
    done: tuple[Path, Path, str], cli: Cli, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, output, _ = done
    monkeypatch.setenv("NASDIP_DISABLE_PLUGINS", "searchspaces")
    answer = cli("run", "-t", "inpaint", picture, "--arch", f"{output}#best")
    assert answer.code == ExitCode.PLUGIN
    assert "space 'nas-dip-pattern'" in answer.err
    assert cli("search", "status", output).code == 0, "what was found can still be read"


def test_options_before_a_subcommand_are_refused(cli: Cli, tmp_path: Path) -> None:
    answer = cli("search", "--name", "a", "status", tmp_path)
    assert answer.code == ExitCode.OPTION
    assert "--name before 'status'; options stand after the word" in answer.err


@pytest.mark.parametrize("command", ["status", "best", "show"])
def test_a_study_that_is_damaged_further_on_is_told_in_one_line(
    done: tuple[Path, Path, str], command: str, cli: Cli, tmp_path: Path
) -> None:
    damaged = tmp_path / "study.db"
    shutil.copyfile(done[1] / "study.db", damaged)
    with closing(sqlite3.connect(damaged)) as file:
        look = "SELECT rootpage FROM sqlite_master WHERE name = 'trial_params'"
        (page,) = file.execute(look).fetchone()
        (size,) = file.execute("PRAGMA page_size").fetchone()
    content = bytearray(damaged.read_bytes())
    content[(page - 1) * size : page * size] = b"x" * size
    damaged.write_bytes(content)
    answer = cli("search", command, damaged)
    assert answer.code == ExitCode.STUDY, answer.err
    assert answer.err.count("\n") == 1
