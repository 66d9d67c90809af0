"""With whose plugins something was computed."""

from pathlib import Path

import pytest

from nasdip_core.bench.units import plan_bench
from nasdip_core.hooks import Offer, hookimpl
from nasdip_core.options import parse
from nasdip_core.plugin_versions import guest_versions
from nasdip_core.plugins import Plugins
from nasdip_core.searching.options import SearchRequest
from nasdip_core.searching.plan import plan_search


def with_guest(version: str) -> Plugins:
    """Return the installed plugins and one of another package, of a version."""

    class Guest:
        @hookimpl
        def nasdip_offers(self) -> list[Offer]:
            return [
                Offer("activation", "theirs", "toy", factory="torch.nn:ReLU"),
                Offer("stopping", "theirs", "toy", factory=fixed),
            ]

    plugins = Plugins.discover()
    fixed = plugins.find("stopping", "fixed").offer.factory
    assert plugins.add(Guest(), "main", "guest", version).state == "loaded"
    return plugins


def test_those_that_are_named_anywhere_count() -> None:
    plugins = with_guest("1.2")
    for name in ("theirs", "guest:theirs"):
        content = {"fit": [{"uses": "adam", "with": {"inner": name}}]}
        assert guest_versions(content, plugins) == {"guest:main": "1.2"}
    assert guest_versions({"activation": "relu"}, plugins) == {}
    assert guest_versions({}, plugins, also={"guest:main"}) == {"guest:main": "1.2"}


def test_of_a_file_its_content_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "throwaway_counted.py"
    file.write_text(
        "from nasdip_core import Offer, hookimpl\n@hookimpl\ndef nasdip_offers():\n"
        "    return [Offer('activation', 'mine', 'sum', factory='torch.nn:Identity')]\n"
    )
    monkeypatch.setenv("NASDIP_PLUGIN", str(file))
    before = guest_versions("mine", Plugins.discover())
    file.write_text(file.read_text() + "# changed\n")
    after = guest_versions("mine", Plugins.discover())
    assert before.keys() == after.keys() == {"throwaway-counted:file"}
    assert before != after


def test_outcomes_of_two_versions_are_not_of_one_bench(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()

    def settings(version: str, activation: str) -> dict[str, object]:
        options = {"architecture": {"activation": activation}}
        plan = plan_bench(
            "denoise", tmp_path, options, with_guest(version), archs=["dip"], base=Path()
        )
        return {**plan.settings(), "pictures": {}}

    assert settings("1", "theirs") != settings("2", "theirs")
    assert settings("1", "relu") == settings("2", "relu")
    assert "plugins" not in settings("1", "relu")


def test_trials_of_two_versions_are_not_of_one_search() -> None:
    def settings(version: str, rule: str) -> dict[str, object]:
        content = {"data": "sample:camera", "corrupt": {"sigma": 25}, "fit": {"stopping": rule}}
        request = parse(SearchRequest, content, "")
        return plan_search("denoise", request, with_guest(version), Path()).settings()

    assert settings("1", "theirs") == settings("1", "theirs")
    assert settings("1", "theirs") != settings("2", "theirs")
    assert settings("1", "fixed") == settings("2", "fixed")
    assert "plugins" not in settings("1", "fixed")
