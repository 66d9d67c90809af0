"""Commands of plugins, and `--plugin FILE.py`."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nasdip_core.cli.guests import plugins_first
from nasdip_core.errors import ExitCode
from nasdip_core.testing.pytest_plugin import Answer

Cli = Callable[..., Answer]
SOURCE = """
import typer
from nasdip_core import Offer, hookimpl
from nasdip_core.errors import OptionError
from nasdip_core.hooks import Command

app = typer.Typer()

@app.command()
def greet(name: str, loud: bool = False):
    "Greet somebody."
    print("HELLO" if loud else "hello", name)

@app.command()
def fail(how: str):
    if how == "option":
        raise OptionError("that is no option")
    raise KeyError(how)

def single(number: int = 1):
    print(number)

@hookimpl
def nasdip_add_commands():
    return [
        Command("greeter", "greets and fails", "{module}:app"),
        Command("counter", "prints a number", "{module}:single"),
        Command("missing", "is not there", "{module}:nothing"),
        Command("run", "a name of ours", "{module}:single"),
    ]
"""


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "throwaway_commands.py"
    path.write_text(SOURCE.format(module=path.stem))
    yield path
    for module in [name for name in sys.modules if name.startswith("throwaway_commands")]:
        del sys.modules[module]


def test_a_command_of_a_plugin_gets_its_words(guest: Path, nasdip_cli: Cli) -> None:
    answer = nasdip_cli("--plugin", guest, "greeter", "greet", "--loud", "you")
    assert (answer.code, answer.out) == (0, "HELLO you\n")
    assert nasdip_cli("counter", "--number", "3", "--plugin", guest).out == "3\n"
    assert nasdip_cli(f"--plugin={guest}", "throwaway-commands:counter").out == "1\n"


def test_help_lists_it_without_importing_it(guest: Path, nasdip_cli: Cli) -> None:
    guest.write_text(SOURCE.format(module="throwaway_commands_elsewhere"))
    listed = nasdip_cli("--plugin", guest, "--help").out
    assert "greets and fails" in listed
    assert listed.count("greets and fails") == 1
    assert "throwaway-commands:run" in listed


def test_help_of_its_own(guest: Path, nasdip_cli: Cli) -> None:
    assert "Greet somebody." in nasdip_cli("--plugin", guest, "greeter", "--help").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["greeter", "fail", "option"], ExitCode.OPTION, "error: that is no option"),
        (["greeter", "fail", "bug"], ExitCode.PLUGIN, "'throwaway-commands:file' failed: KeyError"),
        (["missing"], ExitCode.PLUGIN, "command 'missing' of plugin 'throwaway-commands:file'"),
        (["greeter", "greet"], ExitCode.USAGE, "Missing argument"),
        (["greeetr"], ExitCode.USAGE, "No such command"),
    ],
)
def test_failures_are_one_line_and_name_the_plugin(
    guest: Path, nasdip_cli: Cli, words: list[str], code: ExitCode, said: str
) -> None:
    answer = nasdip_cli("--plugin", guest, *words)
    assert answer.code == code
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_our_commands_stay_ours(guest: Path, nasdip_cli: Cli) -> None:
    assert "Restore a picture" in nasdip_cli("--plugin", guest, "run", "--help").out


def test_two_of_one_name_are_told_apart(guest: Path, tmp_path: Path, nasdip_cli: Cli) -> None:
    other = tmp_path / "throwaway_commands_too.py"
    other.write_text(SOURCE.format(module=other.stem))
    answer = nasdip_cli("counter", "--plugin", guest, "--plugin", other)
    assert answer.code == ExitCode.PLUGIN
    assert "say 'throwaway-commands-too:counter' or 'throwaway-commands:counter'" in answer.err
    assert nasdip_cli("throwaway-commands-too:counter", "--plugin", other).out == "1\n"


def test_a_file_offers_what_a_package_does(guest: Path, nasdip_cli: Cli) -> None:
    guest.write_text(
        "from nasdip_core import Offer, hookimpl\n@hookimpl\ndef nasdip_offers():\n"
        "    return [Offer('activation', 'filed', 'from a file', factory='torch.nn:ReLU')]\n"
    )
    assert "activation\tfiled\tfrom a file" in nasdip_cli("list", "--plugin", guest).out


def test_a_run_with_a_file_says_how_to_go_on_with_it(guest: Path, nasdip_cli: Cli) -> None:
    guest.write_text(
        "import signal\nimport torch\nfrom nasdip_core import Offer, hookimpl\n"
        "class Stops(torch.nn.ReLU):\n    def forward(self, x):\n"
        "        if not x.is_meta:\n            signal.raise_signal(signal.SIGINT)\n"
        "        return super().forward(x)\n"
        "@hookimpl\ndef nasdip_offers():\n"
        "    return [Offer('activation', 'stops', 'Ctrl-C', factory=__name__ + ':Stops')]\n"
    )
    words = ("run", "-t", "denoise", "sample:camera", "-S", "architecture.activation=stops")
    answer = nasdip_cli(*words, "-S", "fit.steps=2", "-o", "out", "--plugin", guest)
    assert answer.code == ExitCode.INTERRUPTED
    resume = answer.err.partition("resume with: nasdip ")[2].split()
    assert resume == ["run", "out/pipeline.yaml", "-o", "out", "--resume", "--plugin", str(guest)]
    guest.write_text(guest.read_text().replace("not x.is_meta", "False"))
    sys.modules.pop(guest.stem, None)
    assert nasdip_cli(*resume).code == 0


def test_what_its_import_did_is_told(guest: Path, nasdip_cli: Cli) -> None:
    guest.write_text(
        "import time\nfrom nasdip_core import hookimpl\ntime.sleep(0.6)\nprint('noise')\n"
        "@hookimpl\ndef nasdip_offers():\n    return []\n"
    )
    listed = nasdip_cli("plugins", "list", "--plugin", guest).out
    # However busy the machine is.
    assert re.search(r"its import takes \d+\.\d s", listed)
    assert "prints when it is imported: noise" in listed


def test_a_missing_file_is_told(nasdip_cli: Cli) -> None:
    answer = nasdip_cli("--plugin", "nowhere.py", "list")
    assert answer.code == ExitCode.PLUGIN
    assert "cannot read the plugin 'nowhere.py'" in answer.err


@pytest.mark.parametrize("words", [("list", "--plugin"), ("plugins", "check")])
def test_a_path_that_would_read_as_two_is_refused(
    guest: Path, nasdip_cli: Cli, words: tuple[str, ...]
) -> None:
    folder = guest.parent / f"co{os.pathsep}lon"
    folder.mkdir()
    answer = nasdip_cli(*words, guest.rename(folder / guest.name))
    assert (answer.code, answer.out) == (ExitCode.PLUGIN, "")
    last = answer.err.splitlines()[-1]
    assert last.startswith(f"error: the path of the plugin '{folder / guest.name}' holds ")
    assert last.endswith("move or rename it")


def test_a_file_that_is_no_plugin_is_told(tmp_path: Path, nasdip_cli: Cli) -> None:
    for name, content, says in (
        ("bad_syntax.py", "def broken(:\n", "SyntaxError"),
        ("with-dash.py", "", "cannot be imported by its name"),
    ):
        (tmp_path / name).write_text(content)
        answer = nasdip_cli("list", "--plugin", tmp_path / name)
        assert answer.code == ExitCode.PLUGIN
        assert f"cannot use the plugin '{tmp_path / name}'" in answer.err
        assert says in answer.err


def test_help_survives_damaged_settings(nasdip_settings: Path, nasdip_cli: Cli) -> None:
    nasdip_settings.mkdir(parents=True)
    (nasdip_settings / "plugins.json").write_text("{")
    answer = nasdip_cli("--help")
    assert answer.code == 0
    assert "mend or remove it" in answer.err
    assert nasdip_cli("list").code == ExitCode.PLUGIN


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("run a --plugin b.py", "--plugin b.py run a"),
        ("run --plugin=b.py -S x=1", "--plugin=b.py run -S x=1"),
        ("run -- --plugin b.py", "run -- --plugin b.py"),
        ("run --plugin", "--plugin run"),
    ],
)
def test_plugins_come_first(words: str, expected: str) -> None:
    assert plugins_first(words.split()) == expected.split()


def test_what_two_plugins_offer_is_listed_with_whose_it_is(tmp_path: Path, nasdip_cli: Cli) -> None:
    source = """
from nasdip_core import Offer, hookimpl

@hookimpl
def nasdip_offers():
    return [Offer("upsampling", "twin", "the same name", "{module}:Twin")]
"""
    words: list[str | Path] = []
    for name in ("throwaway_one", "throwaway_two"):
        path = tmp_path / f"{name}.py"
        path.write_text(source.format(module=name))
        words += ["--plugin", path]
    rows = nasdip_cli(*words, "list", "upsampling", "twin").out.splitlines()
    names = [row.split("\t")[1] for row in rows]
    assert names == ["throwaway-one:twin", "throwaway-two:twin"]
