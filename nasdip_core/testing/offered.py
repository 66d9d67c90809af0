"""Contracts of what an installed plugin offers, made from the offers alone.

What cannot be made without knowing more, such as a task, is left to the plugin's own tests.
"""

from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature
from typing import Any

import pytest
import torch
from torch import Tensor

from nasdip_core import testing
from nasdip_core.authoring.check import contract
from nasdip_core.errors import NasdipError
from nasdip_core.operators import LinearOperator
from nasdip_core.options import Options, parse
from nasdip_core.plugins import Plugins, Registration
from nasdip_core.restoration import RestorationProblem

Fixtures = Mapping[str, Callable[[], Any]]


def contracts(distribution: str) -> dict[str, type]:
    """Return a class of tests for each offer of a distribution that can be made by itself."""
    plugins = Plugins.discover()
    classes = {}
    for registration in plugins.registrations():
        if registration.distribution != distribution or registration.state == "incompatible":
            continue
        fixtures = fixtures_of(registration, plugins)
        if fixtures is not None:
            offer = registration.offer
            name = contract(offer.kind, offer.name)
            base = getattr(testing, f"{offer.kind.capitalize()}Conformance")
            if offer.kind == "operator" and not issubclass(registration.resolve(), LinearOperator):
                base = testing.MeasurementConformance
            classes[name] = type(name, (base,), _methods(fixtures))
    return classes


_FACTOR = 4
"""By which the operators of `super-resolution` make a picture smaller."""


def fixtures_of(registration: Registration, plugins: Plugins) -> Fixtures | None:
    """Return what the contract's class needs, by the names of its fixtures; None: it knows more."""
    kind, factory = registration.offer.kind, registration.resolve
    make = _maker(registration)
    if make is None and kind == "operator":
        make = _maker(registration, factor=_FACTOR)  # a default would be nobody's
    if make is None:
        return None
    found: dict[str, Fixtures] = {
        "upsampling": {"factory": factory},
        "transform": {"factory": factory},
        "activation": {"factory": factory},
        "residual": {"pattern": lambda: make},
        "space": {"space": make},
        "stopping": {"rule": lambda: make},
        "strategy": {"strategy": make},
        "metric": {"metric": make},
        "network": {"network": lambda: make},
        "objective": {"objective": lambda: partial(make, plugins)},
        "features": {"features": make},
        "reward": {"reward": partial(make, plugins)},
        "launcher": {"launcher": make},
        "tracker": {"tracker": lambda: make},
    }
    if kind in ("baseline", "refine") and "denoise" in factory().tasks:
        found["baseline"] = {"baseline": make}
        found["refine"] = {"refine": make, "problem_of": lambda: _noisy}
    if kind == "operator" and isinstance(factory(), type):
        size = (8, 12)
        # `super-resolution` makes those that take a factor, `operator` the others.
        made = partial(make, size, _FACTOR) if _takes(make, size, _FACTOR) else partial(make, size)
        found["operator"] = {"operator": made, "size": lambda: size}
    return found.get(kind)


def _maker(registration: Registration, **given: Any) -> Callable[..., Any] | None:
    """Return the factory with default options beside some; None where others have no default."""
    try:
        if registration.offer.factory is None:
            return None
        options = parse(registration.options() or Options, given, "")
        return partial(registration.resolve(), **dict(options))
    except NasdipError:
        return None


def _takes(make: Callable[..., Any], *arguments: Any) -> bool:
    try:
        signature(make).bind(*arguments)
    except TypeError:
        return False
    return True


def _methods(fixtures: Fixtures) -> dict[str, Any]:
    def fixture(make: Callable[[], Any]) -> Any:
        def made(_: object) -> Any:
            return make()

        return made

    return {name: pytest.fixture(fixture(make), name=name) for name, make in fixtures.items()}


def _noisy(truth: Tensor) -> RestorationProblem:
    draws = torch.Generator().manual_seed(1)
    noise = 0.1 * torch.randn(truth.shape, generator=draws)
    return RestorationProblem(truth + noise, deviation=lambda _: 0.1)
