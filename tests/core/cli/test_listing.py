"""`list`, `describe`, `plugins list` and `doctor`."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from nasdip_core.errors import ExitCode
from nasdip_core.plugins import Plugins

Cli = Callable[..., Any]


def test_list_everything(cli: Cli) -> None:
    answer = cli("list")
    assert answer.code == 0
    rows = [line.split("\t") for line in answer.out.splitlines()]
    assert ["task", "inpaint"] in [row[:2] for row in rows]
    assert all(len(row) == 3 and row[2] for row in rows)


def test_a_reader_may_close_the_list_early() -> None:
    command = [sys.executable, "-c", "from nasdip_core.cli import main; main()", "list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_another_pipe_that_breaks_is_a_failure(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(Plugins, "discover", broken)
    answer = cli("list")
    assert answer.code == ExitCode.FAILED
    assert "Broken pipe" in answer.err


def test_list_a_kind_and_a_pattern(cli: Cli) -> None:
    offers = json.loads(cli("list", "architecture", "nas-dip-*", "--json").out)["offers"]
    assert [offer["name"] for offer in offers] == [
        "nas-dip-denoise",
        "nas-dip-inpaint",
        "nas-dip-sr",
    ]
    assert {offer["state"] for offer in offers} == {"loaded"}
    assert "lanczos" in cli("list", "operators").out


def test_list_an_unknown_kind(cli: Cli) -> None:
    answer = cli("list", "taks")
    assert (answer.code, answer.out) == (4, "")
    assert "unknown kind 'taks'; did you mean 'task'?" in answer.err


def test_describe_a_task(cli: Cli) -> None:
    described = json.loads(cli("describe", "task.denoise", "--json").out)
    options = {option["name"]: option for option in described["options"]}
    assert options["task.sigma"]["default"] is None
    assert all(option["meaning"] and option["type"] for option in described["options"])
    assert {option["name"] for option in described["corrupt"]} >= {"corrupt.sigma"}
    assert described["architecture"] == "balanced-denoise"
    text = cli("describe", "task.denoise").out
    assert "task.sigma" in text
    assert "corrupt.sigma" in text


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("dip", 2_217_831),
        ("nas-dip-denoise", 3_924_867),
        ("nas-dip-inpaint", 10_710_531),
        ("nas-dip-sr", 3_512_835),
    ],
)
def test_describe_an_architecture(cli: Cli, name: str, parameters: int) -> None:
    answer = cli("describe", f"architecture.{name}", "--channels", 3, "--size", "256,256", "--json")
    described = json.loads(answer.out)
    assert described["parameters"] == parameters
    assert described["macs"] > 1e10
    assert described["activation_bytes"] > 1e8
    ElementTree.parse(Path(f"{name}.svg"))


def test_describe_a_preset_with_its_recipe(cli: Cli) -> None:
    text = cli("describe", "architecture.fast-denoise", "--svg", "drawn.svg").out
    assert "recipe            {refine: [collaborative], choice: mean}" in text
    assert "steps: 400" in text
    described = json.loads(cli("describe", "architecture.fast-denoise", "--json").out)
    assert described["recipe"] == {"refine": ["collaborative"], "choice": "mean"}


def test_describe_an_architecture_in_words(cli: Cli) -> None:
    text = cli("describe", "architecture.nas-dip-sr", "--svg", "drawn.svg").out
    for part in (
        "levels",
        "bicubic -> depth-wise 5x5",
        "1 0 0 1 0",
        "3,512,835",
        "activation memory",
    ):
        assert part in text
    assert Path("drawn.svg").exists()


def test_describe_a_file(cli: Cli, tiny: tuple[str, ...]) -> None:
    described = json.loads(
        cli("describe", tiny[1], "--channels", 1, "--size", "64,32", "--json").out
    )
    assert (described["name"], described["size"]) == ("tiny", [64, 32])


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["task.inpant"], 4, "did you mean 'inpaint'"),
        (["tsak.inpaint"], 4, "did you mean 'task'"),
        (["nothing"], 4, "say KIND.NAME"),
        (["conv"], 0, ""),
        (["architecture.dip", "--size", "abc"], 3, "height,width"),
        (["architecture.dip", "--svg", "no/such/folder.svg"], 1, "cannot write"),
    ],
)
def test_describe_refusals(cli: Cli, words: list[str], code: int, message: str) -> None:
    answer = cli("describe", *words)
    assert answer.code == code, answer.err
    assert message in answer.err


def test_plugins_list(cli: Cli) -> None:
    listed = json.loads(cli("plugins", "list", "--json").out)["plugins"]
    assert {plugin["plugin"] for plugin in listed} >= {
        "nasdip:tasks",
        "nasdip:searchspaces",
        "nasdip:plugins",
    }
    assert "nasdip:tasks" in cli("plugins", "list").out


def test_doctor(cli: Cli) -> None:
    report = json.loads(cli("doctor", "--json").out)
    assert report["packages"]["torch"]
    assert report["device"] in report["devices"]
    assert report["threads"] >= 1
    assert "nasdip:tasks" in cli("doctor").out


def test_version(cli: Cli) -> None:
    assert cli("--version").out.startswith("nasdip 0.")


def test_describe_a_network_that_is_no_unet(cli: Cli, tmp_path: Path) -> None:
    described = json.loads(cli("describe", "architecture.siren", "--json").out)
    assert described["architecture"]["uses"] == "siren"
    assert (described["matrix"], described["svg"]) == ([], None)
    answer = cli("describe", "architecture.siren")
    assert "network           siren {" in answer.out
    assert "levels" not in answer.out
    assert "not drawn" in answer.err
    assert not list(tmp_path.glob("*.svg"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("architecture: dip\nfit: {stpes: 3}", "unknown option 'fit.stpes'; did you mean 'steps'?"),
        ("architecture: dip\ntasks: {denoise: {lr: -1}}", "option 'tasks.denoise.lr' = -1"),
        (
            "architecture: dip\nrecipe: {fitz: 3}",
            "unknown option 'recipe.fitz'; did you mean 'fits'",
        ),
        ("architecture: {uses: siren, levels: 3}", "levels'; known: input, uses, with"),
    ],
)
def test_what_a_run_would_refuse_is_not_described(cli: Cli, content: str, says: str) -> None:
    Path("mine.yaml").write_text(f"{content}\n")
    answer = cli("describe", "mine.yaml")
    assert (answer.code, says in answer.err) == (3, True), answer.err


def test_a_kind_alone_is_not_described(cli: Cli) -> None:
    answer = cli("describe", "task")
    assert (answer.code, "`nasdip list task` shows the names" in answer.err) == (4, True)
