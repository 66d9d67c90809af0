"""Rows of a table from outcomes made up for it."""

from typing import Any

from nasdip_core.bench.table import as_csv, as_markdown, shown_quality, table_rows

SETTINGS = {
    "methods": [{"label": "ours"}, {"label": "theirs"}, {"label": "broken"}],
    "metrics": {"blur": {"with": {}, "higher_is_better": False}},
}


def outcome(picture: str, method: str, psnr: float | None, **more: Any) -> dict[str, Any]:
    quality = {"psnr": psnr, "ssim": 0.5}
    found = {
        "picture": picture, "method": method, "seed": 0, "state": "done", "damage": "same",
        "quality": {"self_stopped": quality, "oracle": quality, "last": quality},
        "metrics": {"blur": 0.25}, "seconds": 2.0, "iterations": None, "peak_memory_bytes": 2**30,
    }  # fmt: skip
    return {**found, **more}


def test_pairs_share_their_damage() -> None:
    outcomes = [
        outcome("a", "ours", 30.0),
        outcome("a", "theirs", 31.0),
        outcome("b", "ours", 20.0),
        outcome("b", "theirs", 90.0, damage="another"),
    ]
    difference = table_rows(SETTINGS, outcomes)[1]["difference"]
    assert difference == {"mean": 1.0, "low": None, "high": None, "pictures": 1}


def test_identical_pictures_and_failures_have_no_numbers() -> None:
    failed = {"picture": "a", "method": "broken", "seed": 0, "state": "failed", "reason": "no"}
    outcomes = [outcome("a", "ours", None), outcome("b", "ours", 40.0), failed]
    ours, theirs, broken = table_rows(SETTINGS, outcomes)
    assert (ours["psnr"]["last"], ours["pictures"], ours["failed"]) == (40.0, 2, 0)
    assert ours["peak_memory_bytes"] == 2**30
    assert (theirs["pictures"], theirs["seconds"], theirs["difference"]) == (0, None, None)
    assert (broken["failed"], broken["ssim"]) == (1, None)
    told = as_markdown(SETTINGS, [ours, theirs, broken])
    assert "\n\nFailed: 1 of 1 of broken; means are over the others.\n\n" in told
    assert "Failed" not in as_markdown(SETTINGS, [ours, theirs])


def test_the_quality_of_a_unit_in_words() -> None:
    assert shown_quality(outcome("a", "ours", 31.234)) == "31.23 dB"
    assert shown_quality(outcome("a", "ours", None)) == "identical"
    assert shown_quality({**outcome("a", "ours", 1.0), "quality": None}) == "not measured"


def test_how_numbers_are_shown() -> None:
    outcomes = [
        outcome(name, method, psnr)
        for name, method, psnr in [
            ("a", "ours", 30.0), ("b", "ours", 30.0), ("a", "theirs", 31.0), ("b", "theirs", 33.0)
        ]
    ]  # fmt: skip
    rows = table_rows(SETTINGS, outcomes)
    lines = as_markdown(SETTINGS, rows).splitlines()
    assert "blur (lower is better)" in lines[0]
    # t = 12.706 of one degree of freedom, s = sqrt 2, n = 2.
    assert "| 32.00 dB |" in lines[3]
    assert lines[3].endswith("| 2 s | – | 1.0 GiB | +2.00 dB [-10.71, +14.71] |")
    assert as_csv(SETTINGS, rows).splitlines()[3] == "broken,0,0,0" + "," * 12
