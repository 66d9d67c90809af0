"""Numbers as people read them."""

import pytest

from nasdip_core.report.units import count, duration, memory, quantity


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 s"),
        (0.44, "0.4 s"),
        (12.4, "12 s"),
        (59.7, "1 min"),
        (200, "3 min 20 s"),
        (3599.7, "1 h"),
        (7500, "2 h 5 min"),
    ],
)
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"), [(512, "512 B"), (812 * 2**20, "812 MiB"), (3 * 2**29, "1.5 GiB")]
)
def test_memory(size: int, words: str) -> None:
    assert memory(size) == words


def test_count_sets_thousands_apart() -> None:
    assert count(9999) == "9999"
    assert count(12000) == "12\N{NARROW NO-BREAK SPACE}000"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0"),
        (950, "950"),
        (999.7, "1 k"),
        (2_217_831, "2.22 M"),
        (4e6, "4 M"),
        (3.4e12, "3.4 T"),
    ],
)
def test_quantity(number: float, words: str) -> None:
    assert quantity(number) == words
