"""Steps as a graph: order, references, and every way to state one wrongly, with its place."""

import time
from pathlib import Path

import pytest
from flows import CHAIN, Make

from nasdip_core.errors import ExitCode, NasdipError
from nasdip_core.plugins import Plugins
from nasdip_core.workflow.check import check
from nasdip_core.workflow.references import interpolated, references

HEAD = "nasdip: 1\nsteps:\n"


def step(id_: str, with_: str = "{}", uses: str = "step.save", needs: str = "[]") -> str:
    return f"- id: {id_}\n  uses: {uses}\n  needs: {needs}\n  with: {with_}\n"


def test_each_step_comes_after_what_it_needs_else_as_in_the_file(make: Make) -> None:
    nodes = make(CHAIN).graph.nodes
    assert [node.step.id for node in nodes] == ["hurt", "clean", "page", "keep"]
    assert {node.step.id: set(node.needs) for node in nodes} == {
        "hurt": set(),
        "clean": {"hurt"},
        "page": {"clean"},
        "keep": {"clean"},
    }
    assert make(CHAIN).graph.dependents("clean") == {"clean", "page", "keep"}


def test_needs_without_a_reference(make: Make) -> None:
    text = HEAD + step("b", "{file: x, to: y}", needs="[a]") + step("a", "{file: x, to: z}")
    assert [node.step.id for node in make(text).graph.nodes] == ["a", "b"]


def test_references_anywhere_and_nothing_else_is_replaced() -> None:
    tree = {"a": ["${x.y}", 3, {"b": "in ${x.y}/${p-q.r} and $HOME"}], "c": None}
    found = [(r.keys, r.step, r.output) for r in references(tree)]
    assert found == [
        (("a", 0), "x", "y"),
        (("a", 2, "b"), "x", "y"),
        (("a", 2, "b"), "p-q", "r"),
    ]
    assert interpolated(tree, str.upper) == {
        "a": ["X.Y", 3, {"b": "in X.Y/P-Q.R and $HOME"}],
        "c": None,
    }


@pytest.mark.parametrize(
    ("text", "said", "code"),
    [
        (step("a") + step("a"), "7:3: id 'a' stands here twice", ExitCode.OPTION),
        (step("a", uses="magic.x"), "4:3: 'magic.x' is no step", ExitCode.PLUGIN),
        (step("a", uses="task.denose"), "did you mean 'denoise'?", ExitCode.PLUGIN),
        (step("a", uses="step.safe"), "did you mean 'save'?", ExitCode.PLUGIN),
        (step("a", needs="[b]"), "5:11: there is no step 'b'", ExitCode.OPTION),
        (step("a", '{file: "${b.c}"}'), "there is no step 'b'", ExitCode.OPTION),
        (step("a", '{file: "${b}"}'), "write it as ${STEP.OUTPUT}", ExitCode.OPTION),
        (
            step("b") + step("a", '{file: "${b.fil}"}'),
            "10:10: step 'b' has no output 'fil'; did you mean 'file'?",
            ExitCode.OPTION,
        ),
        (
            step("a", needs="[c]") + step("b", needs="[a]") + step("c", needs="[b]"),
            "steps need each other: a -> c -> b -> a",
            ExitCode.OPTION,
        ),
        (step("a", '{file: "${a.file}"}'), "steps need each other: a -> a", ExitCode.OPTION),
    ],
)
def test_mistakes_of_the_graph(make: Make, text: str, said: str, code: ExitCode) -> None:
    with pytest.raises(NasdipError) as caught:
        make(HEAD + text)
    assert said in str(caught.value)
    assert caught.value.exit_code is code
    assert "flow.yaml:" in str(caught.value)


def test_of_a_folder_every_picture_has_its_own_page(make: Make) -> None:
    for output in ("page", "result"):
        text = step("a", "{picture: album}", "task.denoise") + step(
            "b", f'{{file: "${{a.{output}}}"}}'
        )
        with pytest.raises(NasdipError, match=f"step 'a' has no output '{output}'"):
            make(HEAD + text)
        make(HEAD + text.replace("picture: album", "picture: clean.png"))
        make(HEAD + text.replace(output, "restored"))


def test_the_copy_without_the_loss_of_a_jpeg_has_a_name(make: Make) -> None:
    text = step("a", "{picture: clean.jpg}", "task.denoise")
    make(HEAD + text + step("b", '{file: "${a.restored-lossless}"}'))


def test_everything_that_is_wrong_is_said_at_once(folder: Path, plugins: Plugins) -> None:
    path = folder / "wrong.yaml"
    path.write_text(
        HEAD
        + step("a", "{picture: clean.png, fit: {stepps: 3, lr: -1}, sed: 4}", "task.denoise")
        + step("b", "{fil: x}", needs="[q]")
        + step("c", uses="task.denoose")
    )
    _, errors = check(path, plugins)
    told = [str(error).removeprefix(f"{path}:") for error in errors]
    assert any("there is no step 'q'" in line for line in told)
    assert any("unknown task 'denoose'" in line for line in told)
    assert any("6:" in line and "did you mean 'seed'?" in line for line in told)
    assert any("'fit.stepps'; did you mean 'steps'?" in line for line in told)
    assert any("'fit.lr' = -1" in line for line in told)
    assert any("'fil'; did you mean 'file'?" in line for line in told)
    assert all(line[0].isdigit() for line in told)


def test_every_mistake_of_form_is_said_at_once(folder: Path, plugins: Plugins) -> None:
    path = folder / "wrong.yaml"
    path.write_text("nasdip: 1\nstops: []\nsteps:\n- {id: ' ', uses: 3}\n- {uses: step.save}\n")
    graph, errors = check(path, plugins)
    assert graph is None
    assert len(errors) == 4


def test_what_is_right_is_right(make: Make, folder: Path, plugins: Plugins) -> None:
    make(CHAIN)
    _, errors = check(folder / "flow.yaml", plugins)
    assert errors == []


def test_a_newer_format(folder: Path, plugins: Plugins) -> None:
    path = folder / "new.yaml"
    path.write_text("nasdip: 2\nsteps: [{id: a, uses: step.save}]\n")
    _, (error,) = check(path, plugins)
    assert "1:1: the file is of format 2, this nasdip reads format 1" in str(error)


def test_thousands_of_steps(folder: Path, make: Make) -> None:
    text = HEAD + "".join(
        step(f"s{i}", f"{{file: '{f'${{s{i - 1}.file}}' if i % 2 else 'a'}', to: x{i}}}")
        for i in range(2_000)
    )
    started = time.monotonic()
    graph = make(text).graph
    assert len(graph.nodes) == 2_000
    assert time.monotonic() - started < 20


BOMB = "nasdip: 1\na0: &a0 [x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "aliases make this file larger"),
        ("nasdip: 1\nsteps: &s [*s]\n", ""),
        ("nasdip: 1\nsteps: " + "[" * 3000 + "]" * 3000, "nested too deeply"),
        ("nasdip: 1\nbase: &b {id: a}\nsteps: [{<<: *b, uses: step.save}]", "merge keys"),
        ("nasdip: 1\nsteps: !!python/object/apply:os.system [ls]", "could not determine"),
        ("nasdip: 1\nsteps: [{id: a, id: b, uses: step.save}]", "stands here twice"),
        ("\0", ""),
        ("nasdip: 1\nsteps: [{id: ../../x, uses: step.save}]", "steps.0.id"),
        ("nasdip: 1\nname: ../x\nsteps: [{id: a, uses: step.save}]", "a name is no path"),
        ("nasdip: 1\nname: ..\nsteps: [{id: a, uses: step.save}]", "a name is no path"),
    ],
)
def test_hostile_files(folder: Path, plugins: Plugins, text: str, said: str) -> None:
    path = folder / "bad.yaml"
    path.write_text(text)
    try:
        _, errors = check(path, plugins)
    except NasdipError as error:
        errors = [error]
    assert errors
    assert said in str(errors[0])
    assert all(error.exit_code in (ExitCode.OPTION, ExitCode.PLUGIN) for error in errors)


def test_small_numbers_are_numbers(make: Make) -> None:
    text = HEAD + step("a", "{picture: clean.png, fit: {lr: 1e-2, jitter: 1E+0}}", "task.denoise")
    (node,) = make(text).graph.nodes
    assert node.step.with_["fit"] == {"lr": 0.01, "jitter": 1.0}


def test_two_steps_that_write_one_file(tmp_path: Path, plugins: Plugins) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text(HEAD + step("a", "{file: x, to: y.png}") + step("b", "{file: z, to: ./y.png}"))
    _, errors = check(file, plugins)
    said = f"{file}:10:19: step 'a' writes './y.png', too"
    assert said in [str(error) for error in errors]
