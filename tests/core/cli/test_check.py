"""`nasdip check`: all that is wrong, where, before anything runs; and what is spelt out."""

import json
import random
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pipelines import EXAMPLES, TWO

from nasdip_core.errors import ExitCode, NasdipError
from nasdip_core.options import parse
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.plugins import Plugins
from nasdip_core.workflow.check import check

Cli = Callable[..., Any]
MUTATIONS = 1000


@pytest.mark.parametrize(
    ("uses", "content", "says"),
    [
        ("corrupt", "task: denoise, picture: waves.png, corrupt: {sigma: -3}", "corrupt.sigma"),
        ("corrupt", "task: denoize, picture: waves.png", "did you mean 'denoise'?"),
        ("search", "task: denoise, data: waves.png, strategy: randm", "unknown strategy 'randm'"),
        ("bench", "task: denoise, data: waves.png, metric: [psnrr]", "unknown metric 'psnrr'"),
        ("bench", "task: denoise, data: waves.png", "nothing to compare; name an arch"),
        (
            "search",
            "task: denoise, data: x, strategy: nsga-ii, options: {pruner: {uses: hyperband}}",
            "strategy 'nsga-ii' weighs quality against cost; that is not pruned",
        ),
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
