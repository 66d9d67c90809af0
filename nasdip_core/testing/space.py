"""What a `space` plugin has to do."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, ClassVar

import pytest
import torch

from nasdip_core.architecture.cost import cost_of
from nasdip_core.architecture.specification import Architecture
from nasdip_core.fit.options import FitOptions
from nasdip_core.options import merge, parse
from nasdip_core.plugins import Plugins
from nasdip_core.space import Choice, InfeasibleError, SearchSpace

SIZE = (32, 32)
"""Of the picture that networks are counted for."""
_COUNTED = 500
"""Points of a space up to which they are counted one by one."""


def random_walk(space: SearchSpace, draws: torch.Generator) -> dict[str, Choice]:
    """Return canonical choices: one of the open ones a decision, in their order."""
    made: dict[str, Choice] = {}
    for decision in space.decisions:
        opened = space.allowed(decision, made)
        assert opened, f"nothing is open for '{decision.name}'"
        made[decision.name] = opened[int(torch.randint(len(opened), (), generator=draws))]
    return made


class SpaceConformance:
    """Inherit, and return your space from the fixture `space`.

    Networks are built with the plugins that are installed; override the fixture `plugins` to add
    some by hand.
    """

    built: ClassVar[int] = 12
    """How many networks are built; fewer where they are large."""

    @pytest.fixture
    def plugins(self) -> Plugins:
        """Return the plugins whose ops the networks use."""
        return Plugins.discover()

    def test_decisions_can_be_kept(self, space: SearchSpace) -> None:
        """Names and, within a decision, choices are unique; all of them are plain JSON values."""
        names = [decision.name for decision in space.decisions]
        assert names
        assert len(set(names)) == len(names)
        for decision in space.decisions:
            assert len(set(decision.choices)) == len(decision.choices) >= 1
            assert all(type(choice) in (str, int, float, bool) for choice in decision.choices)
            assert _text(json.loads(_text(decision.choices))) == _text(decision.choices)

    def test_some_choice_is_always_open(self, space: SearchSpace) -> None:
        """Whatever came before, a decision has open choices of its own, and always the same."""
        for walk in _walks(space, 100):
            made: dict[str, Choice] = {}
            for decision in space.decisions:
                opened = list(space.allowed(decision, made))
                assert list(space.allowed(decision, made)) == opened
                assert len(set(opened)) == len(opened) >= 1
                assert set(opened) <= set(decision.choices)
                made[decision.name] = walk[decision.name]

    def test_open_choices_are_canonical(self, space: SearchSpace) -> None:
        """Who keeps to the open choices is taken at his word."""
        for walk in _walks(space, 100):
            assert _text(space.canonical(walk)) == _text(walk)

    def test_choices_that_do_not_matter_are_replaced(self, space: SearchSpace) -> None:
        """Where one choice is open, another one is forgiven; where several are, it is refused."""
        for walk in _walks(space, 30):
            made: dict[str, Choice] = {}
            for decision in space.decisions:
                opened = space.allowed(decision, made)
                for choice in set(decision.choices) - set(opened):
                    other = {**walk, decision.name: choice}
                    if len(opened) == 1:
                        assert _text(space.canonical(other)) == _text(walk)
                    else:
                        with pytest.raises(InfeasibleError):
                            space.canonical(other)
                made[decision.name] = walk[decision.name]

    def test_an_architecture_tells_its_choices(self, space: SearchSpace) -> None:
        """`encode` undoes `decode`, so that no network is told in two ways."""
        for walk in _walks(space, 100):
            assert _text(space.encode(space.decode(walk))) == _text(walk)

    def test_a_stranger_is_refused(self, space: SearchSpace, plugins: Plugins) -> None:
        """A network outside of the space raises InfeasibleError; any other comes back the same."""
        for stranger in _strangers():
            try:
                choices = space.encode(stranger)
            except InfeasibleError:
                continue
            assert _text(space.canonical(choices)) == _text(choices)
            back = space.decode(choices)
            assert cost_of(back, 3, SIZE, plugins) == cost_of(stranger, 3, SIZE, plugins)

    def test_is_pure(self, space: SearchSpace) -> None:
        """Two calls agree, and what is given stays as it is."""
        for walk in _walks(space, 10):
            before = _text(walk)
            architecture = space.decode(walk)
            written = architecture.model_dump_json()
            assert space.decode(walk) == architecture
            assert space.encode(architecture) == space.encode(architecture)
            assert space.proxy(architecture) == space.proxy(architecture)
            assert _text(walk) == before
            assert architecture.model_dump_json() == written

    def test_size_is_the_number_of_points(self, space: SearchSpace) -> None:
        """A positive number; of many points it is tested to be no less than walks come across."""
        assert type(space.size) is int
        assert space.size >= 1
        if space.size <= _COUNTED:
            # One more than it says is enough to know that it is wrong.
            assert sum(1 for _ in islice(_points(space), space.size + 1)) == space.size
        else:
            assert len({_text(walk) for walk in _walks(space, 1000)}) <= space.size

    def test_its_fit_is_made_of_fit_options(self, space: SearchSpace) -> None:
        """What its architectures were made for can be asked of a fit."""
        parse(FitOptions, merge(space.fit, {}), "fit")

    def test_every_point_can_be_built(self, space: SearchSpace, plugins: Plugins) -> None:
        """Networks run, and those that the search fits in their place cost no more."""
        for walk in _walks(space, self.built):
            architecture = space.decode(walk)
            proxy = space.proxy(architecture)
            assert isinstance(architecture, Architecture)
            assert isinstance(proxy, Architecture)
            cost = cost_of(architecture, 3, SIZE, plugins)
            if proxy != architecture:
                assert cost_of(proxy, 3, SIZE, plugins).macs <= cost.macs


def _walks(space: SearchSpace, number: int) -> Iterator[dict[str, Choice]]:
    draws = torch.Generator().manual_seed(0)
    return (random_walk(space, draws) for _ in range(number))


def _points(space: SearchSpace) -> Iterator[dict[str, Choice]]:
    """Return the canonical choices of every point."""
    begun: list[dict[str, Choice]] = [{}]
    while begun:
        made = begun.pop()
        if len(made) == len(space.decisions):
            yield made
            continue
        decision = space.decisions[len(made)]
        begun += [{**made, decision.name: c} for c in space.allowed(decision, made)]


def _strangers() -> list[Architecture]:
    """Return networks of which hardly a space has all."""
    contents: list[dict[str, Any]] = [
        {},
        {"levels": 1, "encoder": {"widths": 7}, "input": {"channels": 3}},
        {"levels": 8, "residual": "none", "head": {"width": 5}},
        {"encoder": None, "residual": "none", "cell": {"kernel": 7, "dilation": 3}},
        {"cell": {"resample": "depth-to-space", "transform": "conv", "order": "transform-first"}},
        {"skip": {"merge": "add"}, "residual": {"uses": "offsets", "with": {"offsets": [-1, 2]}}},
    ]
    return [Architecture.model_validate(content) for content in contents]


def _text(value: Any) -> str:
    """Return JSON, which tells 1, 1.0 and true apart."""
    return json.dumps(value, allow_nan=False, sort_keys=True)
