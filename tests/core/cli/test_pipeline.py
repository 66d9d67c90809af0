"""Pipelines of several steps on the command line: run, check, schema."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from pipelines import TWO

from nasdip_core.errors import ExitCode
from nasdip_core.pipeline.document import read_pipeline

Cli = Callable[..., Any]


def test_run_again_change_and_side_by_side(cli: Cli, two: Path) -> None:
    steps = ["-S", "fit.steps=2", "-S", "fit.lr=0.00001"]
    first = cli("run", two, *steps)
    assert first.code == 0, first.err
    assert "second.restored: " in first.out
    assert "nasdip-out/two/second/restored.png" in first.out
    again = cli("run", two, *steps)
    assert again.err.splitlines() == [f"{id_}: unchanged" for id_ in ("first", "other", "second")]
    changed = cli("run", two, *steps, "-S", "steps.other.with.seed=2", "--json")
    assert "other:\n" in changed.err
    assert "first: unchanged" in changed.err
    told = json.loads(changed.out)
    assert told["schema"] == "nasdip.pipeline/1"
    assert set(told["steps"]) == {"first", "other", "second"}
    Path("random.py").write_text("raise SystemExit('a file of the user, no module')")
    # Each of the processes has the tracker.
    tracker = ("--tracker", "tensorboard") if find_spec("tensorboard") else ()
    both = cli("run", two, *steps, "-o", "both", "--workers", "2", *tracker)
    assert both.code == 0, both.err
    for id_ in ("first", "other", "second"):
        assert bool(tracker) == any(Path("both", id_).glob("tensorboard/fit/*"))
    for id_ in ("first", "second"):
        ours = Path("both", id_, "restored.png").read_bytes()
        assert ours == Path("nasdip-out", "two", id_, "restored.png").read_bytes()
    assert cli("run", two, *steps, "-o", "both").err == again.err


def test_a_pipeline_goes_on_from_another_folder(
    cli: Cli, two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = "- {id: page, uses: step.report, with: {results: {a: '${first.result}'}}}\n"
    two.write_text(TWO + report)
    (two.parent / "elsewhere").mkdir()
    monkeypatch.chdir(two.parent / "elsewhere")
    assert (
        cli("run", "../two.yaml", "-S", "fit.steps=1", "-o", "../out", "--only", "first").code == 0
    )
    monkeypatch.chdir(two.parent)
    answer = cli("run", two, "-S", "fit.steps=1", "-o", "out", "--only", "page")
    assert answer.code == 0, answer.err
    assert "data:image/png" in Path("out/page/index.html").read_text("utf-8")


def test_nothing_is_forced(cli: Cli, two: Path) -> None:
    refused = cli("run", two, "--force")
    assert refused.code == ExitCode.OPTION
    assert "--from ID does a step and what follows anew" in refused.err


def test_a_tracker_hears_of_every_step(cli: Cli, two: Path) -> None:
    pytest.importorskip("tensorboard")
    done = cli("run", two, "-S", "fit.steps=2", "--tracker", "tensorboard", "-o", "out")
    assert done.code == 0, done.err
    for id_ in ("first", "other", "second"):
        assert list(Path("out", id_, "tensorboard", "fit").iterdir())
    unknown = cli("run", two, "--tracker", "moon")
    assert (unknown.code, "unknown tracker 'moon'" in unknown.err) == (ExitCode.PLUGIN, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-S", "steps.second.with.fitt.steps=3"], "unknown option 'fitt'"),
        (["-S", "steps.second.with.task.sigma=-1"], "option 'task.sigma'"),
        (["-S", "steps.other.with.picture=missing.png"], "there is no such file"),
    ],
)
def test_mistakes_are_told_before_anything_runs(
    cli: Cli, two: Path, words: list[str], says: str
) -> None:
    code = ExitCode.PICTURE if "missing" in words[1] else ExitCode.OPTION
    for dry in ([], ["--dry-run"]):
        answer = cli("run", two, *words, *dry)
        assert answer.code == code, answer.err
        assert says in answer.err
    assert not Path("nasdip-out").exists()


def test_dry_run_only_and_from(cli: Cli, two: Path) -> None:
    steps = ["-S", "fit.steps=2"]
    plan = cli("run", two, "--dry-run")
    assert plan.out.splitlines() == [
        "first\ttask.denoise\tto be done",
        "other\ttask.denoise\tto be done",
        "second\ttask.denoise\tto be done after first",
    ]
    told = json.loads(cli("run", two, "--dry-run", "--json").out)
    assert (told["schema"], told["name"]) == ("nasdip.pipeline-plan/1", "two")
    second = {"id": "second", "uses": "task.denoise", "state": "to be done", "needs": ["first"]}
    assert told["steps"][2] == second
    assert not Path("nasdip-out").exists()
    early = cli("run", two, "--only", "second")
    assert (early.code, "needs 'first', which is not done" in early.err) == (3, True)
    assert cli("run", two, *steps, "--only", "first").code == 0
    assert cli("run", two, *steps).err.startswith("first: unchanged\nother:")
    assert cli("run", two, "--from", "first", "--only", "second").code == ExitCode.OPTION
    since = cli("run", two, *steps, "--from", "first", "--dry-run").out
    assert [line.split("\t")[2].split(" after")[0] for line in since.splitlines()] == [
        "to be done",
        "unchanged",
        "to be done",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-t", "denoise"], "each says what it `uses`"),
        (["-S", "steps.frist.with.seed=1"], "there is no step 'frist'; did you mean 'first'?"),
        (["-S", "steps.first.uses=x"], "write steps.first.with.KEY=VALUE"),
        (["--only", "thrid"], "there is no step 'thrid'"),
        (["-S", "fit.stepps=1"], "did you mean 'steps'?"),
        (["-S", "steps.first.with=5"], "write steps.first.with.KEY=VALUE"),
        (["-S", "steps.first.with.picture=${nosuch.restored}"], "there is no step 'nosuch'"),
        (["-S", "steps.first.with.picture=${second.restored}"], "steps need each other"),
    ],
)
def test_words_that_do_not_fit(cli: Cli, two: Path, words: list[str], said: str) -> None:
    answer = cli("run", two, *words)
    assert answer.code == ExitCode.OPTION
    assert said in answer.err
    single = cli("run", "-t", "denoise", "waves.png", "--only", "x")
    assert "--only is for pipelines of several steps" in single.err


def test_a_step_is_reached_whatever_its_id(cli: Cli, two: Path) -> None:
    two.write_text(TWO.replace("first", "first.1").replace("other", "first.1.b"))
    for id_, places in (("first.1", [7]), ("first.1.b", [10]), ("second", [13])):
        answer = cli("run", two, "-S", f"steps.{id_}.with.seed=-1", "--dry-run")
        assert answer.code == ExitCode.OPTION
        assert [f"two.yaml:{line}:" in answer.err for line in places] == [True]
    unknown = cli("run", two, "-S", "steps.first.2.with.seed=1")
    assert "there is no step 'first.2'; did you mean 'first.1'?" in unknown.err
    one = two.with_name("one.yaml")
    content = yaml.safe_load(TWO)
    one.write_text(yaml.safe_dump({**content, "steps": content["steps"][:1]}))
    refused = cli("run", one, "-S", "steps.first.with.seed=-1")
    assert "option 'seed' = -1" in refused.err
    unknown = cli("run", one, "-S", "steps.frist.with.seed=1")
    assert "there is no step 'frist'; did you mean 'first'?" in unknown.err


def test_a_file_of_one_task_is_as_before(cli: Cli, two: Path) -> None:
    path = two.with_name("one.yaml")
    content = yaml.safe_load(TWO)
    path.write_text(yaml.safe_dump({**content, "steps": content["steps"][:1]}))
    assert len(read_pipeline(path).pipeline.steps) == 1
    assert cli("run", path, "-S", "fit.steps=1", "-o", "one").code == 0
    assert Path("one", "restored.png").exists()


def test_references_on_the_command_line_count(cli: Cli, two: Path) -> None:
    """The steps are done in the order that follows from them."""
    words = ["-S", "steps.first.with.picture=${other.restored}", "-S", "fit.steps=1"]
    plan = cli("run", two, *words, "--dry-run")
    assert [line.split("\t")[0] for line in plan.out.splitlines()] == ["other", "first", "second"]
    answer = cli("run", two, *words)
    assert answer.code == 0, answer.err


def test_a_step_that_is_killed_beside_others_is_told_so(
    cli: Cli, two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nasdip_core.workflow import side_by_side

    code = "import os, sys; print('first:', file=sys.stderr); os.kill(os.getpid(), 9)"
    killed = [sys.executable, "-c", code]

    class Killed(subprocess.Popen[bytes]):
        def __init__(self, _: object, **words: Any) -> None:
            super().__init__(killed, **words)

    monkeypatch.setattr(side_by_side.subprocess, "Popen", Killed)
    answer = cli("run", two, "--workers", "2")
    assert answer.code == ExitCode.FAILED
    assert "' was ended by SIGKILL; was there enough memory?" in answer.err.splitlines()[-1]


def test_a_missing_picture_has_one_exit_code(cli: Cli, two: Path) -> None:
    two.write_text(TWO.replace("picture: waves.png", "picture: gone.png"))
    for words in (["run", two], ["check", two], ["run", "-t", "denoise", "gone.png"]):
        answer = cli(*words)
        assert answer.code == ExitCode.PICTURE, answer.err


def test_from_a_step_on_all_is_done_anew_side_by_side_too(cli: Cli, two: Path) -> None:
    steps = ["-S", "fit.steps=1", "-o", "out"]
    assert cli("run", two, *steps).code == 0
    results = [Path("out", id_, "result.json") for id_ in ("first", "second")]
    before = [path.stat().st_mtime_ns for path in results]
    answer = cli("run", two, *steps, "--from", "first", "--workers", "2")
    assert answer.code == 0, answer.err
    assert all(p.stat().st_mtime_ns > then for p, then in zip(results, before, strict=True))
    assert "first: note: " in answer.err


def test_what_was_to_be_done_anew_is_also_after_an_interruption(cli: Cli, two: Path) -> None:
    steps = ["-S", "fit.steps=1", "-o", "out"]
    assert cli("run", two, *steps).code == 0
    before = Path("out", "second", "result.json").stat().st_mtime_ns
    Path("out", "first", "step.json").unlink()
    Path("out", "first", "step.json").mkdir()
    assert cli("run", two, *steps, "--from", "first").code != 0
    Path("out", "first", "step.json").rmdir()
    assert cli("run", two, *steps).code == 0
    assert Path("out", "second", "result.json").stat().st_mtime_ns > before
