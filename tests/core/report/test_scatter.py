"""Charts of points: what is drawn, where, and what stands in the legend."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from nasdip_core.report.scatter import Marks, Stairs, scatter


def draw(*marks: Marks, stairs: Stairs | None = None, **options: Any) -> ElementTree.Element:
    stairs = stairs or Stairs("best", [])
    return ElementTree.fromstring(scatter("Reward", marks, stairs, x_name="trial", **options))


def places(figure: ElementTree.Element, kind: str) -> list[tuple[float, float]]:
    """Return where the marks of a kind stand in the chart."""
    chart = figure.find("./svg")
    assert chart is not None
    (path,) = [p for p in chart.iter("path") if kind in (p.get("class") or "").split()]
    return [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)", path.attrib["d"])]


def test_nothing_is_drawn_without_a_value() -> None:
    lost = Marks("failed", "cross", "mark", [(0, None), (1, None)])
    assert scatter("Reward", [lost], Stairs("best", []), x_name="trial") == ""


def test_higher_values_stand_higher_and_later_ones_further_right() -> None:
    ((x0, y0), (x1, y1), (x2, y2)) = places(
        draw(Marks("done", "dot", "c0", [(0, -3.0), (1, -1.0), (2, -2.0)])), "dot"
    )
    assert x0 < x1 < x2
    assert y0 > y2 > y1


def test_points_without_a_value_stand_in_a_lane_of_their_own() -> None:
    figure = draw(
        Marks("done", "dot", "c0", [(0, 1.0), (2, -500.0)]),
        Marks("failed", "cross", "mark", [(1, None), (3, None)]),
    )
    lane = {y for _, y in places(figure, "cross")}
    assert len(lane) == 1
    assert min(lane) - max(y for _, y in places(figure, "dot")) > 8
    assert "none" in [element.text for element in figure.iter("text")]


@pytest.mark.parametrize(
    "points", [[(0, 5.0)], [(7, -1.0), (7, -1.0)], [(0, 0.0), (10_000, 1e-9)], [(1, 1e30)]]
)
def test_a_scale_for_any_values(points: list[tuple[float, float | None]]) -> None:
    figure = draw(Marks("done", "dot", "c0", points), log=True)
    assert all(56 <= x <= 412 and 26 <= y <= 202 for x, y in places(figure, "dot"))


def test_a_logarithmic_axis_spreads_costs() -> None:
    front = Marks("front", "dot", "c0", [(1e6, 1.0), (1e7, 2.0), (1e8, 3.0)])
    (a, _), (b, _), (c, _) = places(draw(front, log=True, words=lambda cost: f"{cost:g}"), "dot")
    assert b - a == pytest.approx(c - b, abs=0.2)
    words = [e.text for e in draw(front, log=True, words=lambda x: f"<{x:g}>").iter("text")]
    assert "<1e+07>" in words


def test_a_value_holds_until_the_next_step() -> None:
    figure = draw(
        Marks("done", "dot", "c0", [(0, 1.0), (4, 3.0)]),
        stairs=Stairs("best so far", [(0, 1.0), (4, 3.0)]),
    )
    (path,) = [p for p in figure.iter("path") if p.get("class") == "stairs"]
    (x0, y0), (x1, y1) = places(figure, "dot")
    assert path.attrib["d"] == f"M{x0} {y0}H{x1}V{y1}H412"


def test_the_legend_names_what_is_there_in_words() -> None:
    figure = draw(
        Marks("done <b>", "dot", "c0", [(0, 1.0)]),
        Marks("pruned", "ring", "c1", []),
        stairs=Stairs("best", [(0, 1.0)]),
    )
    keys = ["".join(key.itertext()) for key in figure.iter("span")]
    assert keys == ["done <b>", "best"]
    chart = figure.find("./svg")
    assert chart is not None
    assert chart.get("role") == "img"
    assert chart.findtext("title") == "Reward: 1 done <b>; 1 to 1"


def test_trials_are_whole_numbers() -> None:
    words = [e.text for e in draw(Marks("done", "dot", "c0", [(0, 1.0), (1, 2.0)])).iter("text")]
    assert "0" in words
    assert "0.5" not in words[words.index("trial") :]
