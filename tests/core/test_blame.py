"""Whose error it is: a guest's is told as its own, with its exit code."""

import json
import runpy
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nasdip_core import blame, worker
from nasdip_core.blame import advice, attributed
from nasdip_core.discovery import Source, load_file
from nasdip_core.errors import ExitCode, OptionError, PluginError
from nasdip_core.testing.pytest_plugin import Answer

Cli = Callable[..., Answer]
SOURCE = """
from nasdip_core import Offer, hookimpl
from nasdip_core.fit.stopping import StoppingRule

@hookimpl
def nasdip_offers():
    return [
        Offer("stopping", "boom", "raises", factory=__name__ + ":Boom"),
        Offer("activation", "number", "returns no tensor", factory=__name__ + ":number"),
        Offer("residual", "torn", "raises within torch", factory=__name__ + ":torn"),
    ]

class Boom(StoppingRule):
    def observe(self, observation):
        raise KeyError("boom")

def number():
    import torch

    class Number(torch.nn.Module):
        def forward(self, features):
            return 3

    return Number()

def torn(levels):
    import torch
    return torch.eye(2) @ torch.eye(3)

def boom(*_):
    raise ValueError
"""


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "throwaway_blamed.py"
    path.write_text(SOURCE)
    yield path
    sys.modules.pop(path.stem, None)


def ran(cli: Cli, guest: Path, *words: str) -> tuple[int, str]:
    answer = cli(
        "run", "sample:camera", "-t", "denoise", "-S", "fit.steps=2", "--preset", "fast",
        "-o", "out", *words, "--plugin", guest,
    )  # fmt: skip
    (line,) = [line for line in answer.err.splitlines() if line.startswith("error: ")]
    return answer.code, line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-S", "fit.stopping=boom"), "failed: KeyError: 'boom' (throwaway_blamed.py:15); mend"),
        (("-S", "architecture.residual=torn"), "failed: RuntimeError: "),
    ],
)
def test_what_comes_out_of_a_guest_is_its_own(
    guest: Path, nasdip_cli: Cli, words: tuple[str, ...], said: str
) -> None:
    code, line = ran(nasdip_cli, guest, *words)
    assert code == ExitCode.PLUGIN
    assert f"plugin 'throwaway-blamed:file' {said}" in line
    assert "internal error" not in line


def test_a_guest_that_fails_over_one_picture_leaves_the_others(
    guest: Path, waves_file: Path, nasdip_cli: Cli
) -> None:
    album = waves_file.parent / "album"
    album.mkdir()
    for name in ("a", "b"):
        shutil.copy(waves_file, album / f"{name}.png")
    words = ("-t", "denoise", "--preset", "fast", "-S", "fit.stopping=boom", "-o", "out", "--json")
    answer = nasdip_cli("run", album, *words, "--plugin", guest)
    assert answer.code == ExitCode.FAILED
    failures = json.loads(answer.out)["failures"]
    assert [(f["picture"], f["exit_code"]) for f in failures] == [("a.png", 4), ("b.png", 4)]
    assert "plugin 'throwaway-blamed:file' failed: KeyError" in failures[0]["error"]


def test_debug_still_raises(guest: Path, nasdip_cli: Cli) -> None:
    with pytest.raises(KeyError, match="boom"):
        ran(nasdip_cli, guest, "-S", "fit.stopping=boom", "--debug")


def test_where_no_code_of_a_guest_runs_it_is_named_as_one_that_may_be_the_cause(
    guest: Path, nasdip_cli: Cli
) -> None:
    code, line = ran(nasdip_cli, guest, "-S", "architecture.activation=number")
    assert code == ExitCode.FAILED
    assert "internal error" in line
    assert "if it is gone without 'throwaway-blamed:file', `nasdip plugins check` it" in line


def raised(module: str, error: Exception) -> Exception:
    """Return an error that a function of this module has raised."""
    namespace = {"__name__": module, "error": error}
    exec("def fail():\n    raise error\n", namespace)
    try:
        namespace["fail"]()  # type: ignore[operator]
    except Exception as caught:
        return caught
    raise AssertionError


def test_an_installed_guest_is_blamed_for_all_its_modules_and_we_never_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = [
        Source(
            "mine", "nasdip-mine", "1", "mine_package.offers", "mine_package.offers", lambda: None
        ),
        Source("core", "nasdip", "1", "nasdip_core.offers", "nasdip_core.offers", lambda: None),
    ]
    monkeypatch.setattr(blame, "sources", lambda: installed)
    told = attributed(raised("mine_package.deep.part", ValueError("ill")))
    assert isinstance(told, PluginError)
    assert "plugin 'nasdip-mine:mine' failed: ValueError: ill (<string>:2)" in str(told)
    for error in (
        raised("nasdip_core.fit.loop", ValueError("ill")),
        raised("mine_packages", ValueError("ill")),
        raised("mine_package", OptionError("theirs")),
    ):
        assert attributed(error) is error
    assert advice() == "please report it with the output of --debug"
    monkeypatch.setitem(sys.modules, "mine_package", sys)
    assert advice().startswith("if it is gone without 'nasdip-mine:mine'")


def test_a_worker_tells_it_as_well(
    guest: Path,
    nasdip_settings: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("NASDIP_PLUGIN", str(guest))
    monkeypatch.setattr(worker, "order_of_parent", dict)
    monkeypatch.setattr(worker, "work", load_file(guest).boom)
    with pytest.raises(SystemExit) as end:
        worker.main()
    assert end.value.code == ExitCode.PLUGIN
    assert "error: plugin 'throwaway-blamed:file' failed: ValueError (" in capsys.readouterr().err


def test_a_file_that_a_user_gives_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("def forward(picture):\n    raise RuntimeError('late')\n")
    forward = runpy.run_path(str(file))["forward"]
    with pytest.raises(RuntimeError) as caught:
        forward(1)
    told = attributed(caught.value)
    assert isinstance(told, PluginError)
    assert str(told) == f"'{file}' failed: RuntimeError: late (a.py:2); mend it"


STEP = """
from nasdip_core import Offer, hookimpl
from nasdip_core.step import Step, StepOptions

@hookimpl
def nasdip_offers():
    options = {"options": __name__ + ":Options"}
    return [Offer("step", "away", "reads a file", factory=__name__ + ":Away", **options)]

class Options(StepOptions):
    outputs = {"page": "the page"}

class Away(Step):
    def run(self, context):
        return {"page": open("/nowhere/rates.json").read()}
"""


def test_a_step_that_cannot_read_is_not_told_as_one_that_nasdip_cannot_write(
    guest: Path, nasdip_cli: Cli
) -> None:
    guest.write_text(STEP)
    Path("flow.yaml").write_text("nasdip: 1\nsteps:\n- {id: a, uses: step.away}\n")
    answer = nasdip_cli("run", "flow.yaml", "-o", "out", "--plugin", guest)
    assert answer.code == ExitCode.PLUGIN
    assert "plugin 'throwaway-blamed:file' failed: FileNotFoundError" in answer.err
