"""`nasdip plugins list|show|enable|disable|doctor`."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nasdip_core.errors import ExitCode
from nasdip_core.plugin_settings import disabled_in_file, settings_file
from nasdip_core.testing.pytest_plugin import Answer

Cli = Callable[..., Answer]
SOURCE = """
from nasdip_core import Offer, hookimpl

@hookimpl
def nasdip_offers():
    return [
        Offer("activation", "throwaway", "for a test", factory="torch.nn:ReLU"),
        Offer("activation", "relu", "a name that is taken", factory="torch.nn:ReLU"),
    ]

@hookimpl
def nasdip_on_event(event):
    pass
"""


@pytest.fixture
def guest(nasdip_settings: Path) -> Iterator[Path]:
    """A plugin of one file in the user's folder."""
    path = nasdip_settings / "plugins" / "throwaway_managed.py"
    path.parent.mkdir(parents=True)
    path.write_text(SOURCE)
    yield path
    sys.modules.pop(path.stem, None)


def test_list_tells_state_time_and_remarks(guest: Path, nasdip_cli: Cli) -> None:
    guest.write_text("print('hi')\n" + SOURCE)
    listed = json.loads(nasdip_cli("plugins", "list", "--json").out)
    assert listed["schema"] == "nasdip.plugins/1"
    plugin = next(p for p in listed["plugins"] if p["plugin"] == "throwaway-managed:file")
    assert plugin["state"] == "loaded"
    assert plugin["seconds"] > 0
    assert plugin["remarks"] == ["prints when it is imported: hi"]
    del sys.modules[guest.stem]
    assert "prints when it is imported: hi" in nasdip_cli("plugins", "list").out


def test_show_tells_what_it_offers_and_its_hooks(guest: Path, nasdip_cli: Cli) -> None:
    told = json.loads(nasdip_cli("plugins", "show", "throwaway-managed", "--json").out)
    assert told["schema"] == "nasdip.plugin/1"
    assert told["module"] == str(guest)
    assert told["hooks"] == ["nasdip_offers", "nasdip_on_event"]
    assert {o["name"]: o["state"] for o in told["offers"]} == {
        "relu": "shadowed",
        "throwaway": "loaded",
    }
    shown = nasdip_cli("plugins", "show", "nasdip:tasks").out
    assert "task.inpaint" in shown
    assert "nasdip_tasks.offers" in shown


def test_disable_and_enable(guest: Path, nasdip_cli: Cli) -> None:
    def state() -> str:
        told = json.loads(nasdip_cli("plugins", "show", "throwaway-managed", "--json").out)
        return str(told["state"])

    answer = nasdip_cli("plugins", "disable", "throwaway-managed")
    assert answer.code == 0
    assert str(settings_file()) in answer.err
    assert disabled_in_file() == ["throwaway-managed:file"]
    assert state() == "disabled"
    assert "activation throwaway" not in nasdip_cli("list", "activation").out
    assert nasdip_cli("plugins", "enable", "throwaway-managed").code == 0
    assert disabled_in_file() == []
    assert state() == "loaded"


def test_what_is_gone_can_be_enabled(guest: Path, nasdip_cli: Cli) -> None:
    nasdip_cli("plugins", "disable", "throwaway-managed")
    guest.unlink()
    doctor = nasdip_cli("plugins", "doctor")
    assert doctor.code == ExitCode.PLUGIN
    assert (
        "disabled and not installed; `nasdip plugins enable throwaway-managed:file`" in doctor.out
    )
    assert nasdip_cli("plugins", "enable", "throwaway-managed:file").code == 0
    assert nasdip_cli("plugins", "doctor").code == 0


def test_enable_says_what_it_cannot_do(
    guest: Path, nasdip_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = nasdip_cli("plugins", "enable", "throwaway-managed")
    assert answer.code == ExitCode.PLUGIN
    assert "'throwaway-managed' is not disabled" in answer.err
    nasdip_cli("plugins", "disable", "throwaway-managed")
    monkeypatch.setenv("NASDIP_DISABLE_PLUGINS", "throwaway-managed")
    assert (
        "NASDIP_DISABLE_PLUGINS names it, too"
        in nasdip_cli("plugins", "enable", "throwaway-managed").err
    )
    assert nasdip_cli("plugins", "disable", "throwaway-mangaed").code == ExitCode.PLUGIN


def test_doctor_names_each_ill_and_its_remedy(guest: Path, nasdip_cli: Cli) -> None:
    (guest.parent / "throwaway_sick.py").write_text("import not_there_at_all")
    answer = nasdip_cli("plugins", "doctor", "--json")
    assert answer.code == ExitCode.PLUGIN
    told = json.loads(answer.out)
    assert told["folder"] == str(guest.parent)
    findings = {f["plugin"]: f for f in told["findings"]}
    assert "not_there_at_all" in findings["throwaway-sick:file"]["what"]
    assert "plugins disable throwaway-sick:file" in findings["throwaway-sick:file"]["mend"]
    assert "built-in keeps this name" in findings["throwaway-managed:file"]["what"]


def test_doctor_has_nothing_to_say_of_the_built_ins(nasdip_cli: Cli) -> None:
    answer = nasdip_cli("plugins", "doctor")
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "nothing is wrong")


def test_disable_without_a_folder_of_settings(nasdip_settings: Path, nasdip_cli: Cli) -> None:
    assert not nasdip_settings.exists()
    answer = nasdip_cli("plugins", "disable", "nasdip:tasks")
    assert answer.code == 0, answer.err
    assert disabled_in_file() == ["nasdip:tasks"]
