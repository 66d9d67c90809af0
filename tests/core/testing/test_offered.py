"""Contracts made from offers alone: each is handed what the tasks would make."""

import sys
from types import ModuleType

import pytest

from nasdip_core.hooks import Offer
from nasdip_core.operators import Identity, LinearOperator
from nasdip_core.plugins import Plugins
from nasdip_core.registration import Registration
from nasdip_core.testing.offered import fixtures_of


class Whole(Identity):
    """An operator without options: the task `operator` makes it with the size alone."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size


def made(registration: Registration, plugins: Plugins) -> LinearOperator:
    fixtures = fixtures_of(registration, plugins)
    assert fixtures is not None
    operator: LinearOperator = fixtures["operator"]()
    return operator


def test_an_operator_without_options(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    guest = ModuleType("guest_of_offered")
    guest.Whole = Whole  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, guest.__name__, guest)
    offer = Offer("operator", "whole", "s", factory="guest_of_offered:Whole")
    assert isinstance(made(Registration(offer, "guest:main", "loaded"), plugins), Whole)


@pytest.mark.parametrize(("name", "factor"), [("lanczos", 4), ("fourier", 1)])
def test_operators_of_ours(plugins: Plugins, name: str, factor: int) -> None:
    assert made(plugins.find("operator", name), plugins).factor == factor
