"""Discovery and isolation: no plugin takes the tool, or another plugin, down."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from nasdip_core.errors import ExitCode, PluginError
from nasdip_core.hooks import API_VERSION, KINDS, Offer, hookimpl
from nasdip_core.plugins import Plugins

Install = Callable[..., None]


def module_with(offers: list[Offer], name: str = "guest") -> ModuleType:
    module = ModuleType(name)

    @hookimpl
    def nasdip_offers() -> list[Offer]:
        return offers

    module.nasdip_offers = nasdip_offers  # type: ignore[attr-defined]
    return module


def offer(name: str, kind: str = "activation", **values: object) -> Offer:
    return Offer(kind=kind, name=name, summary="s", factory="torch.nn:ReLU", **values)  # type: ignore[arg-type]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that puts a distribution with one plugin module on the path."""

    def put(dist: str, source: str, *, entry: str = "main", attribute: str = "") -> None:
        folder = tmp_path / dist
        package = f"{dist.replace('-', '_')}_pkg"
        info = folder / f"{dist.replace('-', '_')}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[nasdip]\n{entry} = {package}{attribute}\n")
        (folder / f"{package}.py").write_text(source)
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, package, raising=False)

    return put


GOOD = """
from nasdip_core import Offer, hookimpl

@hookimpl
def nasdip_offers():
    return [Offer(kind="activation", name="{name}", summary="s", factory="torch.nn:ReLU")]
"""


def state_of(plugins: Plugins, dist: str) -> tuple[str, str]:
    found = next(p for p in plugins.plugins if p.distribution == dist)
    return found.state, found.reason


def test_built_ins_come_through_the_same_contract(plugins: Plugins) -> None:
    assert [(p.distribution, p.state) for p in plugins.plugins[:3]] == [("nasdip", "loaded")] * 3
    assert all(r.distribution == "nasdip" for r in plugins.registrations("task"))


def test_every_kind_of_the_built_ins_is_known(plugins: Plugins) -> None:
    assert {r.offer.kind for r in plugins.registrations()} <= set(KINDS)


def test_what_is_there_already_stays() -> None:
    plugins, guest = Plugins(), module_with([offer("swish")])
    assert plugins.add(guest, "main", "guest").state == "loaded"
    for module, name in ((guest, "again"), (module_with([offer("mish")]), "main")):
        again = plugins.add(module, name, "guest")
        assert (again.state, again.reason) == ("failed", "registered already")
    assert len(plugins.implementations("nasdip_offers")) == 1


def test_a_good_guest_is_found(install: Install) -> None:
    install("guest-one", GOOD.format(name="swish"))
    plugins = Plugins.discover()
    assert state_of(plugins, "guest-one") == ("loaded", "")
    assert plugins.find("activation", "swish").distribution == "guest-one"
    assert plugins.find("activation", "guest-one:swish").resolve().__name__ == "ReLU"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import not_there_at_all", "ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def nasdip_offers(:", "SyntaxError"),
        (GOOD.format(name="x").replace("p_offers", "p_ofers"), "did you mean 'nasdip_offers'"),
        (GOOD.format(name="x").replace("@hookimpl", ""), "a hook and the decorator"),
        (GOOD.format(name="x").replace("offers()", "offers(extra)"), "extra"),
        (GOOD.format(name="bad name"), "bad name"),
        (GOOD.format(name="x").replace("return [", "return 1, ["), "return a list of Offer"),
        (GOOD.format(name="x") + "\n    raise KeyError('boom')", None),
    ],
)  # fmt: skip
def test_a_broken_guest_is_listed_with_its_reason(
    install: Install, source: str, reason: str | None
) -> None:
    install("broken-guest", source)
    install("sound-guest", GOOD.format(name="sound"))
    plugins = Plugins.discover()
    state, found = state_of(plugins, "broken-guest")
    if reason is None:  # code after the return never runs: the guest is sound
        assert state == "loaded"
    else:
        assert state == "failed"
        assert reason in found
    assert plugins.find("activation", "sound").distribution == "sound-guest"
    assert plugins.find("activation", "relu").distribution == "nasdip"


def test_a_built_in_keeps_its_short_name(install: Install) -> None:
    install("clash", GOOD.format(name="relu"))
    plugins = Plugins.discover()
    assert plugins.find("activation", "relu").distribution == "nasdip"
    assert plugins.find("activation", "clash:relu").distribution == "clash"
    state, reason = state_of(plugins, "clash")
    assert state == "loaded"
    assert "the built-in keeps this name; use 'clash:relu'" in reason


def test_two_guests_of_one_name_are_ambiguous(install: Install) -> None:
    install("first", GOOD.format(name="twice"))
    install("second", GOOD.format(name="twice"))
    plugins = Plugins.discover()
    with pytest.raises(PluginError, match=r"say 'first:twice' or 'second:twice'"):
        plugins.find("activation", "twice")
    assert plugins.find("activation", "second:twice").distribution == "second"


@pytest.mark.parametrize("word", ["off", "off:main", "main"])
def test_disabled_plugins_are_not_imported(
    install: Install, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    install("off", "raise RuntimeError('imported')")
    monkeypatch.setenv("NASDIP_DISABLE_PLUGINS", f" {word} ,other")
    state, reason = state_of(Plugins.discover(), "off")
    assert state == "disabled"
    assert "NASDIP_DISABLE_PLUGINS" in reason


def test_an_outdated_offer_is_incompatible_and_an_error_only_where_asked_for() -> None:
    plugins = Plugins()
    plugin = plugins.add(
        module_with([offer("new", api=(API_VERSION[0] + 1, 0)), offer("fine")]), "g", "guest"
    )
    assert plugin.state == "loaded"
    assert "made for plugin API" in plugin.reason
    assert plugins.find("activation", "fine").offer.name == "fine"
    with pytest.raises(PluginError, match=r"'new' is incompatible: made for plugin API 2.0"):
        plugins.find("activation", "new")


def test_a_newer_minor_version_is_incompatible() -> None:
    plugins = Plugins()
    plugin = plugins.add(
        module_with([offer("n", api=(API_VERSION[0], API_VERSION[1] + 1))]), "g", "d"
    )
    assert plugin.state == "incompatible"


@pytest.mark.parametrize("how", ["wrapper", "hookwrapper"])
def test_hooks_that_would_never_run_are_refused(how: str) -> None:
    def nasdip_after_run(result: object) -> Iterator[None]:
        yield

    module = ModuleType("wraps")
    module.nasdip_after_run = hookimpl(**{how: True})(nasdip_after_run)  # type: ignore[attr-defined]
    plugin = Plugins().add(module, "g", "guest")
    assert plugin.state == "failed"
    assert "hook 'nasdip_after_run' is a wrapper" in plugin.reason
    assert Plugins().add(module_with([offer("n")]), "g", "guest").state == "loaded"


@pytest.mark.parametrize("optional", [True, False])
def test_a_hook_of_a_later_nasdip_may_be_optional(install: Install, optional: bool) -> None:
    later = f"\n@hookimpl(optionalhook={optional})\ndef nasdip_of_a_later_contract():\n    pass\n"
    install("later-guest", GOOD.format(name="later") + later)
    plugins = Plugins.discover()
    state, reason = state_of(plugins, "later-guest")
    assert state == ("loaded" if optional else "failed")
    assert ("unknown hook 'nasdip_of_a_later_contract'" in reason) != optional
    if optional:
        assert plugins.find("activation", "later").distribution == "later-guest"


def test_an_unknown_kind_suggests_the_nearest() -> None:
    plugins = Plugins()
    plugin = plugins.add(module_with([offer("n", kind="upsamling")]), "g", "guest")
    assert plugin.state == "incompatible"
    assert "did you mean 'upsampling'" in plugin.reason


def test_an_offer_twice_in_one_plugin_is_refused() -> None:
    plugin = Plugins().add(module_with([offer("n"), offer("n")]), "g", "guest")
    assert (plugin.state, plugin.reason) == ("failed", "offers activation 'n' twice")


def test_of_two_plugins_of_one_package_the_first_has_the_name() -> None:
    plugins = Plugins()
    assert plugins.add(module_with([offer("n")]), "one", "guest").state == "loaded"
    second = plugins.add(module_with([offer("n"), offer("m")], "other"), "two", "guest")
    assert second.state == "loaded"
    assert second.reason == "activation.n: plugin 'guest:one' offers it, too"
    for name in ("n", "guest:n"):
        assert plugins.find("activation", name).plugin == "guest:one"
    assert plugins.find("activation", "guest:m").plugin == "guest:two"


def test_a_factory_that_cannot_be_imported_fails_on_use_only() -> None:
    plugins = Plugins()
    broken = Offer(kind="activation", name="b", summary="s", factory="not_there:Thing")
    assert plugins.add(module_with([broken]), "g", "guest").state == "loaded"
    with pytest.raises(PluginError, match="'b' of plugin 'guest' cannot be loaded"):
        plugins.create("activation", "b")


def test_unknown_names_suggest_the_nearest_and_exit_4(plugins: Plugins) -> None:
    with pytest.raises(
        PluginError, match="unknown task 'inpant'; did you mean 'inpaint'"
    ) as caught:
        plugins.find("task", "inpant")
    assert caught.value.exit_code == ExitCode.PLUGIN == 4


def test_a_missing_name_points_at_a_broken_plugin(install: Install) -> None:
    install("broken-guest", "import not_there_at_all")
    with pytest.raises(PluginError, match="broken-guest:main is failed"):
        Plugins.discover().find("task", "zzzzzz")


def test_registrations_filter_by_kind_and_pattern(plugins: Plugins) -> None:
    found = [r.offer.name for r in plugins.registrations("architecture", "nas-dip-*")]
    assert found == ["nas-dip-denoise", "nas-dip-inpaint", "nas-dip-sr"]
