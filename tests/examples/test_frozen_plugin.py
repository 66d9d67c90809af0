"""A plugin that was written for the first contract, and is never changed, keeps working."""

import json
from collections.abc import Callable
from pathlib import Path

from nasdip_core.hooks import API_VERSION
from nasdip_core.testing.pytest_plugin import Answer

PROJECT = Path(__file__).parent / "frozen" / "nasdip-example-plugin"
DISTRIBUTION = "nasdip-example-plugin"
KINDS = {"architecture", "residual", "stopping", "task", "upsampling"}


def test_it_is_older_than_the_contract() -> None:
    text = (PROJECT / "nasdip_example" / "offers.py").read_text()
    assert "API = (1, 0)" in text
    assert API_VERSION > (1, 0)
    assert API_VERSION[0] == 1


def test_it_is_found(installed: Callable[[Path], Callable[..., str]]) -> None:
    told = json.loads(installed(PROJECT)("nasdip", "plugins", "show", DISTRIBUTION, "--json"))
    assert told["state"] == "loaded"
    assert {offer["kind"] for offer in told["offers"]} == KINDS


def test_it_keeps_the_contracts_of_today(nasdip_cli: Callable[..., Answer]) -> None:
    found = json.loads(nasdip_cli("plugins", "check", PROJECT, "--json").out)["findings"]
    assert [finding for finding in found if finding["level"] == "error"] == []


def test_a_run_uses_all_of_it(
    installed: Callable[[Path], Callable[..., str]], tmp_path: Path
) -> None:
    run = installed(PROJECT)
    output = tmp_path / "out"
    words = ["run", "--task", f"{DISTRIBUTION}:deblur", "--json", "-o", str(output)]
    printed = run("nasdip", *words, "-S", "fit.steps=2", "-S", "corrupt.blur=1")
    result = json.loads(printed)
    assert result["architecture"] == "band-net"
    assert result["stopping"]["rule"] == "settled"
    assert (output / "restored.png").is_file()
