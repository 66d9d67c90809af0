"""Plugins that are files, plugins that misbehave when they are imported, plugins switched off."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nasdip_core.discovery import plugin_files
from nasdip_core.errors import PluginError
from nasdip_core.plugin_settings import disabled_in_file, settings_file, write_disabled
from nasdip_core.plugins import Plugin, Plugins

OFFERS = """
from nasdip_core import Offer, hookimpl

@hookimpl
def nasdip_offers():
    return [Offer("activation", "{name}", "s", factory="{module}:make")]

def make():
    from torch import nn
    return nn.ReLU()
"""
Write = Callable[..., Path]


@pytest.fixture
def write(nasdip_settings: Path) -> Iterator[Write]:
    """Return a function that writes a plugin of one file into the folder of plugins."""
    folder = nasdip_settings / "plugins"
    folder.mkdir(parents=True)
    before = set(sys.modules)

    def put(stem: str, source: str = "", name: str = "mine", place: Path = folder) -> Path:
        path = place / f"{stem}.py"
        path.write_text(source + OFFERS.format(name=name, module=stem))
        return path

    yield put
    for module in set(sys.modules) - before:
        if module.startswith("throwaway_"):
            del sys.modules[module]


def found(name: str) -> Plugin:
    return Plugins.discover().plugin(name)


def test_a_file_in_the_folder_is_a_plugin(write: Write) -> None:
    path = write("throwaway_one")
    plugins = Plugins.discover()
    plugin = plugins.plugin("throwaway-one")
    assert (plugin.id, plugin.state, plugin.module) == ("throwaway-one:file", "loaded", str(path))
    assert plugins.create("activation", "mine").training
    assert plugins.find("activation", "throwaway-one:mine").plugin == plugin.id
    # Twice in one process: the module that is there is taken.
    assert found("throwaway-one").state == "loaded"


def test_another_folder_and_named_files(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("throwaway_unseen")
    other = tmp_path / "other"
    other.mkdir()
    seen = write("throwaway_seen", place=other)
    (other / "_private.py").write_text("raise RuntimeError")
    named = write("throwaway_named", name="named", place=tmp_path)
    monkeypatch.setenv("NASDIP_PLUGINS_DIR", str(other))
    monkeypatch.setenv("NASDIP_PLUGIN", os.pathsep.join([str(named), str(seen)]))
    assert plugin_files() == [seen, named]
    assert found("throwaway-named").state == "loaded"


@pytest.mark.parametrize(
    ("stem", "reason"),
    [
        ("json", "there is a module 'json' already"),
        ("nasdip", "there is a module 'nasdip' already"),
        ("my-op", "cannot be imported by its name"),
    ],
)
def test_a_file_takes_no_name_of_another_module(write: Write, stem: str, reason: str) -> None:
    write(stem)
    plugin = next(p for p in Plugins.discover().plugins if p.name == "file")
    assert plugin.state == "failed"
    assert reason in plugin.reason
    assert "give it another name" in plugin.reason


def test_a_file_may_lie_on_the_path(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(write("throwaway_on_path").parent))
    assert found("throwaway-on-path").state == "loaded"


def test_a_broken_file_is_named_where_something_is_missing(write: Write) -> None:
    write("throwaway_wanted", "1 / 0\n")
    with pytest.raises(PluginError, match=r"'relu'.*throwaway-wanted:file is failed"):
        Plugins.discover().find("activation", "relo")


def test_a_file_that_breaks_is_gone_from_the_modules(write: Write) -> None:
    write("throwaway_broken", "1 / 0\n")
    assert found("throwaway-broken").reason == "ZeroDivisionError: division by zero"
    assert "throwaway_broken" not in sys.modules


def test_what_an_import_prints_is_contained_and_named(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write("throwaway_loud", "print('hello')\n")
    plugin = found("throwaway-loud")
    assert plugin.state == "loaded"
    assert plugin.says == "prints when it is imported: hello"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("leave", ["raise SystemExit(0)", "import sys; sys.exit('bye')"])
def test_one_that_exits_is_contained(write: Write, leave: str) -> None:
    write("throwaway_leaving", f"{leave}\n")
    plugin = found("throwaway-leaving")
    assert plugin.state == "failed"
    assert plugin.reason.startswith("SystemExit: ")


def test_a_slow_import_is_told(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("throwaway_slow", "import time; time.sleep(0.06)\n")
    monkeypatch.setattr("nasdip_core.calls.SLOW_SECONDS", 0.05)
    plugin = found("throwaway-slow")
    assert plugin.seconds > 0.05
    assert f"its import takes {plugin.seconds:.1f} s" in plugin.says


def test_the_settings_switch_off(write: Write) -> None:
    write("throwaway_off", "raise RuntimeError('imported')\n")
    write_disabled(["throwaway-off:file", "throwaway-off:file", "another"])
    assert disabled_in_file() == ["another", "throwaway-off:file"]
    assert json.loads(settings_file().read_text())["format"] == "nasdip.plugin-settings/1"
    plugin = found("throwaway-off")
    assert (plugin.state, plugin.reason) == ("disabled", "by `nasdip plugins disable`")


@pytest.mark.parametrize("content", ["{", "[]", '{"disabled": "all"}', '{"disabled": [1]}'])
def test_damaged_settings_are_told(nasdip_settings: Path, content: str) -> None:
    nasdip_settings.mkdir(parents=True)
    settings_file().write_text(content)
    with pytest.raises(PluginError, match="mend or remove it"):
        Plugins.discover()


def test_names_of_plugins(write: Write) -> None:
    write("throwaway_named")
    plugins = Plugins.discover()
    for name in ("throwaway-named", "file", "throwaway-named:file"):
        assert plugins.plugin(name).id == "throwaway-named:file"
    with pytest.raises(PluginError, match=r"say 'nasdip:plugins' or .*'nasdip:tasks'"):
        plugins.plugin("nasdip")
    with pytest.raises(PluginError, match="did you mean 'throwaway-named'"):
        plugins.plugin("throwaway-nmed")
