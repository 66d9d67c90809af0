"""Charts: what is drawn, where, and out of which points."""

import math
import re
from typing import Any
from xml.etree import ElementTree

from nasdip_core.report.curves import Curve, Rewind, chart, thin


def parse(figure: str) -> ElementTree.Element:
    return ElementTree.fromstring(figure)


def of_class(figure: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [element for element in figure.iter() if name in (element.get("class") or "").split()]


def places(line: ElementTree.Element) -> list[tuple[float, float]]:
    return [
        (float(x), float(y)) for x, y in (pair.split(",") for pair in line.attrib["points"].split())
    ]


def draw(points: list[tuple[float, float | None]], **options: Any) -> ElementTree.Element:
    return parse(chart("Loss", [Curve("loss", points)], **options))


def test_nothing_finite_draws_nothing() -> None:
    assert chart("Loss", [Curve("loss", [])]) == ""
    assert chart("Loss", [Curve("loss", [(1, None), (2, math.nan), (3, math.inf)])]) == ""


def test_a_gap_breaks_the_line() -> None:
    points: list[tuple[float, float | None]] = [
        (1, 1.0),
        (2, 2.0),
        (3, math.nan),
        (4, 1.0),
        (5, 2.0),
    ]
    assert [len(places(line)) for line in of_class(draw(points), "curve")] == [2, 2]


def test_a_single_point_is_a_dot() -> None:
    (dot,) = of_class(draw([(1, 0.0)], log=True), "dot")
    assert math.isfinite(float(dot.attrib["cx"]))
    assert math.isfinite(float(dot.attrib["cy"]))


def test_thinning_keeps_ends_and_extremes() -> None:
    points = [(float(x), math.sin(x)) for x in range(10_000)]
    points[4321] = (4321.0, 50.0)
    points[8765] = (8765.0, -50.0)
    kept = thin(points)
    assert len(kept) <= 402
    assert {points[0], points[-1], points[4321], points[8765]} <= set(kept)
    assert kept == sorted(kept)
    assert thin(points[:400]) == points[:400]


def test_larger_values_are_higher_on_both_scales() -> None:
    for log in (False, True):
        (line,) = of_class(draw([(0, 0.001), (1, 0.01), (2, 0.1)], log=log), "curve")
        (_, low), (_, middle), (_, high) = places(line)
        assert low > middle > high
        share = (low - middle) / (low - high)
        assert math.isclose(share, 0.5 if log else 1 / 11, abs_tol=0.01)


def test_log_scale_needs_positive_values() -> None:
    (line,) = of_class(draw([(0, -1.0), (1, 0.0), (2, 1.0)], log=True), "curve")
    (_, low), (_, middle), (_, high) = places(line)
    assert math.isclose(low - middle, middle - high, abs_tol=0.2)


def test_marker_stands_at_the_chosen_iteration() -> None:
    figure = draw([(0, 1.0), (50, 2.0), (100, 3.0)], chosen=50)
    (marker,) = of_class(figure, "chosen")
    (line,) = of_class(figure, "curve")
    found = re.match(r"M([\d.]+) ", marker.attrib["d"])
    assert found is not None
    assert float(found[1]) == places(line)[1][0]
    assert [label.text for label in of_class(figure, "chosen-label")] == ["chosen: 50"]


def test_best_point_is_ringed() -> None:
    figure = draw([(0, 1.0), (50, 9.0), (100, 3.0)], best=(50, 9.0))
    (ring,) = [element for element in of_class(figure, "best") if element.tag == "circle"]
    (line,) = of_class(figure, "curve")
    assert (float(ring.attrib["cx"]), float(ring.attrib["cy"])) == places(line)[1]


def test_time_is_read_between_reports() -> None:
    figure = draw([(0, 1.0), (100, 2.0)], clock=[(100, 30.0)])
    texts = [element.text for element in figure.iter("text")]
    assert texts[texts.index("50") + 1] == "15 s"
    assert texts[texts.index("100") + 1] == "30 s"


def test_rewinds_and_what_they_took_back_are_shown() -> None:
    curve = Curve("loss", [(1, 1.0), (2, 0.5)], abandoned=[[(3, 9.0), (4, 90.0)]])
    figure = parse(chart("Loss", [curve], rewinds=[Rewind(4, "4 back to 2: <grew>")]))
    assert len(of_class(figure, "abandoned")) == 1
    marks = [element for element in of_class(figure, "rewind") if element.tag == "path"]
    assert [mark[0].text for mark in marks] == ["4 back to 2: <grew>"]


def test_several_curves_are_named_and_one_is_not() -> None:
    curves = [Curve("a <b>", [(1, 1.0)]), Curve("c", [(1, 2.0)])]
    assert [key.text for key in of_class(parse(chart("Loss", curves)), "key")] == ["a <b>", "c"]
    assert not of_class(parse(chart("Loss", curves[:1])), "key")


def test_everything_stays_inside_the_plot() -> None:
    points: list[tuple[float, float | None]] = [(x, 10.0 ** (x % 300 - 150)) for x in range(3000)]
    for log in (False, True):
        for line in of_class(draw(points, log=log, chosen=10**6), "curve"):
            assert all(56 <= x <= 412 and 26 <= y <= 202 for x, y in places(line))


def test_an_axis_of_seconds() -> None:
    figure = draw([(0.0, 1.0), (90.0, 2.0)], x_name="time")
    words = [element.text for element in figure.iter() if element.text]
    assert "time" in words
    assert "iteration" not in words
    assert any("1 min" in word or "60 s" in word for word in words)
