"""Pipelines of several steps on the command line: run, check, schema."""

import json
import random
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from nasdip_core.errors import ExitCode, NasdipError
from nasdip_core.options import parse
from nasdip_core.pipeline.document import read_pipeline
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins
from nasdip_core.workflow.check import check
from nasdip_core.workflow.schema import pipeline_schema

Cli = Callable[..., Any]
EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))
MUTATIONS = 1000

TWO = """
nasdip: 1
name: two
steps:
- id: first
  uses: task.denoise
  with: {picture: waves.png, corrupt: {sigma: 20}, arch: tiny.yaml}
- id: other
  uses: task.denoise
  with: {picture: waves.png, corrupt: {sigma: 20}, arch: tiny.yaml, seed: 1}
- id: second
  uses: task.denoise
  with: {picture: "${first.restored}", arch: tiny.yaml, task: {sigma: 4}}
"""


@pytest.fixture
def two(tmp_path: Path, waves_file: Path, tiny: tuple[str, ...]) -> Path:
    """A pipeline of three steps, two of which need nothing."""
    assert waves_file.parent == tmp_path
    path = tmp_path / "two.yaml"
    path.write_text(TWO)
    return path


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
    both = cli("run", two, *steps, "-o", "both", "--workers", "2")
    assert both.code == 0, both.err
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


@pytest.mark.parametrize("workers", [1, 2])
def test_a_tracker_hears_of_every_step(cli: Cli, two: Path, workers: int) -> None:
    pytest.importorskip("tensorboard")
    words = ("-S", "fit.steps=2", "--tracker", "tensorboard", "--workers", workers, "-o", "out")
    done = cli("run", two, *words)
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
    for dry in ([], ["--dry-run"]):
        answer = cli("run", two, *words, *dry)
        assert answer.code == ExitCode.OPTION, answer.err
        assert says in answer.err
    assert not Path("nasdip-out").exists()


@pytest.mark.parametrize(
    ("uses", "content", "says"),
    [
        ("corrupt", "task: denoise, picture: waves.png, corrupt: {sigma: -3}", "corrupt.sigma"),
        ("corrupt", "task: denoize, picture: waves.png", "did you mean 'denoise'?"),
        ("search", "task: denoise, data: waves.png, strategy: randm", "unknown strategy 'randm'"),
        ("bench", "task: denoise, data: waves.png, metric: [psnrr]", "unknown metric 'psnrr'"),
        ("distance", "pictures: {a: x}, target: y, features: multi", "unknown features 'multi'"),
    ],
)
def test_steps_that_are_no_tasks_are_checked_too(
    cli: Cli, two: Path, uses: str, content: str, says: str
) -> None:
    two.write_text(f"nasdip: 1\nsteps:\n- id: a\n  uses: step.{uses}\n  with: {{{content}}}\n")
    answer = cli("check", two)
    assert answer.code in (ExitCode.OPTION, ExitCode.PLUGIN)
    assert says in answer.err
    assert "two.yaml:5" in answer.err


@pytest.mark.parametrize(
    ("with_", "place", "says"),
    [
        ("{picture: waves.png, arch: dipp}", "5:30", "unknown architecture 'dipp'"),
        ("{picture: waves.png, fit: {stopping: fixxed}}", "5:36", "unknown stopping 'fixxed'"),
        ("{picture: waves.png, preset: fst}", "5:30", "no preset 'fst'"),
    ],
)
def test_names_are_pointed_at(cli: Cli, two: Path, with_: str, place: str, says: str) -> None:
    two.write_text(f"nasdip: 1\nsteps:\n- id: a\n  uses: task.denoise\n  with: {with_}\n")
    answer = cli("check", two)
    assert f"two.yaml:{place}: " in answer.err
    assert says in answer.err


def test_all_names_of_a_list_are_told_at_once(cli: Cli, two: Path) -> None:
    with_ = "{task: denoise, data: '.', arch: [dipp, dip], preset: [fst], baseline: [waveletts]}"
    two.write_text(f"nasdip: 1\nsteps:\n- id: a\n  uses: step.bench\n  with: {with_}\n")
    told = cli("check", two).err
    for place, name in (("43", "dipp"), ("64", "fst"), ("81", "waveletts")):
        assert f"two.yaml:5:{place}: " in told
        assert f"'{name}'" in told


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("nasdip: 1\nsteps:\n- id: a\n   uses: b\n", "look at the indentation"),
        ("nasdip: 1\nsteps:\n\t- id: a\n", "indent with blanks"),
        ("nasdip: 1\nsteps: [{id: a\n", "is not closed"),
        ("steps:\n- id: a\n  uses: task.denoise\n", "begin the file with `nasdip: 1`"),
    ],
)
def test_common_mistakes_get_advice(cli: Cli, two: Path, text: str, advice: str) -> None:
    two.write_text(text)
    answer = cli("check", two)
    assert answer.code == ExitCode.OPTION
    assert advice in answer.err


@pytest.mark.parametrize(
    ("uses", "with_"),
    [
        ("save", "{file: gone.png, to: x.png}"),
        ("corrupt", "{task: denoise, picture: gone.png}"),
        ("search", "{task: denoise, data: gone}"),
        ("bench", "{task: denoise, data: gone, preset: [fast]}"),
    ],
)
def test_files_of_a_step_that_are_not_there(cli: Cli, two: Path, uses: str, with_: str) -> None:
    two.write_text(f"nasdip: 1\nsteps:\n- id: a\n  uses: step.{uses}\n  with: {with_}\n")
    for command in ("check", "run"):
        (line,) = cli(command, two).err.splitlines()
        assert "two.yaml:5:" in line
        assert "there is no such file" in line
    assert not Path("nasdip-out").exists()
    # Another step may make it.
    saved = "- {id: b, uses: step.save, with: {file: waves.png, to: new.png}}\n"
    two.write_text(f"{two.read_text()}  needs: [b]\n{saved}")
    assert cli("check", two).code == 0


def test_what_stands_beside_a_reference_is_checked(cli: Cli, two: Path) -> None:
    learn = "- id: learn\n  uses: task.translate\n  with: {picture: waves.png, task: {target: b}}\n"
    apply = "- id: apply\n  uses: task.translate\n  with: {picture: waves.png, task: %s}\n"
    for task, code in (
        ('{weights: "${learn.weights}"}', 0),
        ('{weights: "${learn.weights}", crop: 3}', 3),
    ):
        two.write_text("nasdip: 1\nsteps:\n" + learn + apply % task)
        answer = cli("check", two)
        assert answer.code == code, answer.err
        assert ("task.crop" in answer.err) == bool(code)


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
    ],
)
def test_words_that_do_not_fit(cli: Cli, two: Path, words: list[str], said: str) -> None:
    answer = cli("run", two, *words)
    assert answer.code == ExitCode.OPTION
    assert said in answer.err
    single = cli("run", "-t", "denoise", "waves.png", "--only", "x")
    assert "--only is for pipelines of several steps" in single.err


def test_check_tells_everything_and_resolves(cli: Cli, two: Path) -> None:
    right = cli("check", two)
    assert (right.code, right.err) == (0, f"{two}: 3 steps, nothing wrong\n")
    resolved = yaml.safe_load(cli("check", two, "--resolved").out)
    assert resolved["steps"][2]["with"]["picture"] == "${first.restored}"
    assert resolved["steps"][0]["with"]["fit"]["jitter"] == 0.1
    two.write_text(TWO.replace("sigma: 20", "sigmma: 20"))
    wrong = cli("check", two)
    assert wrong.code == ExitCode.OPTION
    assert wrong.err.count("did you mean 'sigma'?") == 2
    told = json.loads(cli("check", two, "--json").out)
    assert [each["exit_code"] for each in told["errors"]] == [3, 3]
    assert "resolved" not in json.loads(cli("check", two, "--json", "--resolved").out)
    assert cli("check", "nothing.yaml").code == ExitCode.OPTION


def test_what_is_resolved_does_the_same(cli: Cli, two: Path, plugins: Plugins) -> None:
    found = "{task: denoise, data: waves.png}"
    timed = "{picture: waves.png, seconds: 5, fit: {lr: 0.02}}"
    use = "{picture: waves.png, arch: '${find.best}', architecture: {bias: false}, fit: {steps: 7}}"
    two.write_text(
        f"nasdip: 1\nsteps:\n- {{id: find, uses: step.search, with: {found}}}\n"
        f"- {{id: timed, uses: task.denoise, with: {timed}}}\n"
        f"- {{id: use, uses: task.denoise, with: {use}}}\n"
    )
    printed = cli("check", two, "--resolved").out
    _, again, used = (step["with"] for step in yaml.safe_load(printed)["steps"])
    assert (used["arch"], used["architecture"], used["fit"]) == (
        "${find.best}",
        {"bias": False},
        {"steps": 7},
    )
    assert "recipe" not in used
    first, second = (
        resolve("denoise", parse(RestoreRequest, with_, ""), plugins, two.parent)
        for with_ in (yaml.safe_load(timed), again)
    )
    assert first == second
    assert len(first.alternatives) == 3
    two.write_text(printed)
    assert cli("check", two, "--resolved").out == printed
    told = json.loads(cli("check", two, "--resolved", "--json").out)
    assert told["resolved"] == yaml.safe_load(printed)


def test_the_schema_is_one_and_holds_for_the_examples(
    cli: Cli, plugins: Plugins, tmp_path: Path
) -> None:
    assert cli("schema", "-o", tmp_path / "schema.json").code == 0
    schema = json.loads((tmp_path / "schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in EXAMPLES:
        content = yaml.safe_load(path.read_text())
        assert not list(validator.iter_errors(content)), path
        wrong = {**content, "steps": [{**content["steps"][0], "uses": "task.denoose"}]}
        assert list(validator.iter_errors(wrong))
        misspelt = {**content["steps"][0], "with": {"fit": {"stepps": 3}}}
        assert list(validator.iter_errors({**content, "steps": [misspelt]}))
    assert schema == pipeline_schema(plugins)


@pytest.mark.parametrize(
    ("uses", "with_", "right"),
    [
        ("task.denoise", "{fit: {stopping: fixed}, recipe: {refine: [collaborative]}}", True),
        ("task.denoise", "{fit: {stopping: {with: {factor: 0.9}}}}", True),
        ("task.denoise", "{architecture: {residual: none, encoder: {widths: 8}}}", True),
        ("task.denoise", "{architecture: {uses: siren}}", True),
        ("task.denoise", "{architecture: {input: {scale: 0.5}}}", True),
        ("step.search", "{task: denoise, data: waves.png, space: compact}", True),
        ("task.denoise", "{fit: {stopping: {wit: {}}}}", False),
        ("task.denoise", "{recipe: {refine: [3]}}", False),
        ("task.denoise", "{architecture: siren}", False),
        ("task.denoise", "{architecture: {levls: 3}}", False),
    ],
)
def test_the_schema_takes_what_check_takes(
    two: Path, plugins: Plugins, uses: str, with_: str, right: bool
) -> None:
    two.write_text(f"nasdip: 1\nsteps:\n- {{id: a, uses: {uses}, with: {with_}}}\n")
    _, errors = check(two, plugins)
    validator = jsonschema.Draft202012Validator(pipeline_schema(plugins))
    assert (errors == []) is right
    assert validator.is_valid(yaml.safe_load(two.read_text())) is right


def test_a_thousand_mutations_are_each_one_report(plugins: Plugins, tmp_path: Path) -> None:
    """A character more, less or other, lines swapped or doubled: never a traceback."""
    draws = random.Random(7)
    path = tmp_path / "mutated.yaml"
    texts = [example.read_text() for example in EXAMPLES]
    wrong = 0
    for _ in range(MUTATIONS):
        path.write_text(_mutated(draws.choice(texts), draws), encoding="utf-8")
        try:
            _, errors = check(path, plugins)
        except NasdipError as error:
            errors = [error]
        wrong += bool(errors)
        for error in errors:
            assert error.exit_code in (ExitCode.OPTION, ExitCode.PLUGIN, ExitCode.PICTURE), error
            assert "\n" not in str(error)
    assert wrong > MUTATIONS / 4


def _mutated(text: str, draws: random.Random) -> str:
    for _ in range(draws.randint(1, 3)):
        place = draws.randrange(len(text))
        sign = draws.choice(string.printable)
        match draws.randrange(4):
            case 0:
                text = text[:place] + sign + text[place:]
            case 1:
                text = text[:place] + text[place + draws.randint(1, 5) :]
            case 2:
                text = text[:place] + sign + text[place + 1 :]
            case _:
                lines = text.splitlines(keepends=True)
                line = lines.pop(draws.randrange(len(lines)))
                lines.insert(draws.randrange(len(lines) + 1), line)
                text = "".join(lines)
    return text


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
