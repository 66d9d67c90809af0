"""The page of the spaces is held to the code."""

import re
from pathlib import Path

import pytest

from nasdip_core.plugins import Plugins
from nasdip_core.space import SearchSpace

PLUGINS = Plugins.discover()
PAGE = (Path(__file__).parents[2] / "docs" / "search-spaces.md").read_text(encoding="utf-8")
NAMES = ["compact", "nas-dip", "nas-dip-cell", "nas-dip-free", "nas-dip-pattern"]


def make(name: str) -> SearchSpace:
    """Return a space with its default options."""
    registration = PLUGINS.find("space", name)
    model = registration.options()
    space: SearchSpace = registration.resolve()(**({} if model is None else model().model_dump()))
    return space


def rows(text: str) -> dict[str, list[str]]:
    """Return the rows of tables by the names in their first cell, the first row of each."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        first, *others = [cell.strip() for cell in line.strip("| ").split(" |")]
        if re.fullmatch(r"(`[^`]+`(, )?)+", first):
            for name in re.findall(r"`([^`]+)`", first):
                found.setdefault(name, others)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_sizes_are_stated(name: str) -> None:
    space = make(name)
    assert rows(PAGE)[name][:2] == [f"{space.size:,}", str(len(space.decisions))]


@pytest.mark.parametrize(
    ("name", "heading"), [("compact", "`compact`"), ("nas-dip-cell", "The cell")]
)
def test_choices_are_listed_in_their_order(name: str, heading: str) -> None:
    listed = rows(PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0])
    space = make(name)
    assert list(listed) == [decision.name for decision in space.decisions]
    for decision in space.decisions:
        choices = [str(c).lower() if isinstance(c, bool) else str(c) for c in decision.choices]
        assert listed[decision.name][0].replace("`", "").split(", ") == choices


def test_options_are_named() -> None:
    for name in NAMES:
        model = PLUGINS.find("space", name).options()
        for field in () if model is None else model.model_fields:
            assert f"`{field}`" in PAGE
