"""The page of a search: one well-formed file that tells what the study holds, whatever it holds."""

import random
import re
from pathlib import Path

import numpy as np
import pytest
from optuna.trial import FrozenTrial, TrialState
from studies import Shown, found, mixed, random_trials, settings, trial

from nasdip_core.imaging.arrays import picture_of
from nasdip_core.study.best import Place

HOSTILE = "</title><script>alert('x')</script>&\"<img src=x onerror=y>"


STUDIES: dict[str, tuple[list[FrozenTrial], bool]] = {
    "none": ([], False),
    "one": ([trial(0, [20.0])], False),
    "one running": ([trial(0, None, TrialState.RUNNING)], False),
    "all failed": ([trial(n, None, TrialState.FAIL, reason=f"{n}") for n in range(9)], False),
    "all alike": ([trial(n, [1.0]) for n in range(12)], False),
    "negative": (random_trials(30, offset=-40.0), False),
    "enormous": ([trial(0, [-1e300]), trial(1, [2.0]), trial(2, [3e-9])], False),
    "every state": (mixed(), False),
    "two objectives": (random_trials(30, by_cost=True), True),
    "two objectives, none": ([], True),
    "two objectives, one": ([trial(0, [1.0, 0.0])], True),
}


@pytest.mark.parametrize("name", STUDIES)
def test_any_study_has_a_page(tmp_path: Path, name: str) -> None:
    trials, by_cost = STUDIES[name]
    shown = Shown(tmp_path, found(trials, by_cost=by_cost))
    assert "://" not in shown.html
    assert "<script" not in shown.html
    assert not re.search(r"@import|url\(|<link|\bnan\b|\binf\b", shown.html)
    for table in shown.tree.iter("table"):
        assert all(cell.get("scope") == "col" for cell in table.findall("./thead/tr/th"))
        assert all(row[0].get("scope") == "row" for row in table.findall("./tbody/tr"))
    for chart in shown.tree.findall(".//figure[@class='chart']/svg"):
        assert chart.get("role") == "img"
        assert chart.findtext("title")
        for text in chart.iter("text"):
            assert 0 <= float(text.attrib["y"]) <= 250
    for section in shown.tree.iter("section"):
        assert section.find(f"./h2[@id='{section.get('aria-labelledby')}']") is not None


def test_facts_and_notes(tmp_path: Path) -> None:
    told = settings([f"{n}.png" for n in range(32)])
    what = found(mixed(), told) | {"seconds": 75.0, "notes": ["it ended early"]}
    shown = Shown(tmp_path, what)
    facts = shown.facts
    assert facts["Task"] == "denoise"
    assert [facts[name] for name in ("Space", "Strategy", "Reward", "Pruner")] == [
        "toy", "random", "psnr", "none",
    ]  # fmt: skip
    assert facts["Pictures"] == "32"
    assert facts["Kept for the last comparison"] == (
        "3.png, 7.png, 11.png, 15.png, 19.png, 23.png and 2 more"
    )
    assert facts["While searching"] == (
        "decoder.widths 2 x 32 instead of 2 x 128; skip.widths [2, 4] instead of [4, 8]"
    )
    assert facts["Trials"] == "3 done, 1 pruned, 2 failed, 1 running"
    assert facts["Duplicates, not trained"] == "1"
    assert facts["Infeasible, not trained"] == "1"
    assert facts["Time of the last command"] == "1 min 15 s"
    assert shown.notes == ["it ended early", "2 failed: out of memory (trials 2, 7)"]


def test_failures_of_many_kinds_are_counted(tmp_path: Path) -> None:
    trials = [trial(n, None, TrialState.FAIL, reason=f"reason {n}") for n in range(20)]
    notes = Shown(tmp_path, found(trials)).notes
    assert notes[0] == "No trial is done."
    assert notes[1] == "1 failed: reason 0 (trial 0)"
    assert notes[-1] == "14 failed for other reasons, which the history tells."
    assert len(notes) == 8


def test_the_best_by_fresh_seeds_and_what_they_differ_in(tmp_path: Path) -> None:
    places = [Place(6, (21.5, 22.0, 21.75)), Place(1, (20.5, 21.0)), Place(0, ())]
    shown = Shown(tmp_path, found(mixed(), places=places))
    assert shown.rows("The best candidates")[1:] == [
        ["6", "21.75", "21.50, 22.00, 21.75", "21.00", "7 k", "2.5 M"],
        ["1", "20.75", "20.50, 21.00", "22.00", "2 k", "2.5 M"],
        ["0", "–", "–", "20.00", "1 k", "2.5 M"],
    ]
    assert shown.rows("What they differ in") == [
        ["Decision", "Trial 6", "Trial 1", "Trial 0"],
        ["kernel", "1", "3", "1"],
    ]
    assert "differs by up to 0.50:" in shown.html
    assert "The other choices: order = first, depth = 4." in shown.html


def test_without_the_last_comparison_the_order_is_that_of_the_search(tmp_path: Path) -> None:
    shown = Shown(tmp_path, found(mixed()))
    assert "Not yet compared with fresh seeds" in shown.html
    assert [row[:4] for row in shown.rows("The best candidates")[1:]] == [
        ["1", "–", "–", "22.00"],
        ["6", "–", "–", "21.00"],
        ["0", "–", "–", "20.00"],
    ]


def test_the_best_stand_beside_what_was_known_before(tmp_path: Path) -> None:
    shown = Shown(tmp_path, found(mixed()))
    known = "Known before, with its reward in the search: nas-dip-denoise 20.00 (trial 0)."
    assert known in shown.html
    unfinished = [trial(0, [1.0]), trial(1, None, TrialState.FAIL, known="dip")]
    assert "Known before" not in Shown(tmp_path, found(unfinished)).html


def test_every_trial_is_in_the_chart_and_in_the_history(tmp_path: Path) -> None:
    shown = Shown(tmp_path, found(mixed()))
    assert [shown.marks(kind) for kind in ("dot", "ring", "cross", "dash", "tick")] == [
        3, 1, 2, 1, 1,
    ]  # fmt: skip
    header, *rows = shown.rows("Every trial")
    assert header == ["Trial", "State", "Reward", "Time", "Choices or reason"]
    assert [row[:3] for row in rows] == [
        ["0", "done", "20.00"],
        ["1", "done", "22.00"],
        ["2", "failed", "–"],
        ["3", "pruned", "18.50"],
        ["4", "duplicate", "22.00"],
        ["5", "infeasible", "–"],
        ["6", "done", "21.00"],
        ["7", "failed", "–"],
        ["8", "under way", "–"],
    ]
    assert rows[0][-1] == (
        "kernel = 1, order = first, depth = 4the known architecture nas-dip-denoise"
    )
    assert rows[2][-1] == "out of memorykernel = 5, order = first, depth = 4"
    assert shown.tree.find(".//details[@class='history']") is not None


def test_the_best_so_far_only_rises(tmp_path: Path) -> None:
    shown = Shown(tmp_path, found(mixed()))
    (path,) = shown.tree.findall(".//path[@class='stairs']")
    assert path.attrib["d"].count("V") == 1  # 20, then 22; the 21 after it is no step


def test_far_worse_trials_do_not_flatten_the_chart(tmp_path: Path) -> None:
    trials = [*random_trials(30), trial(30, [-500.0])]
    shown = Shown(tmp_path, found(trials))
    assert "1 far below stand at the lower edge." in shown.html
    assert not any(text.text == "-500" for text in shown.tree.iter("text"))
    assert shown.rows("Every trial")[-1][2] == "-500.00"


def test_importance_is_told_in_numbers_and_bars(tmp_path: Path) -> None:
    trials = [trial(n, [float(n % 3) + 0.01 * n]) for n in range(30)]
    what = found(trials)
    assert what["importance"]
    shown = Shown(tmp_path, what)
    rows = shown.tree.findall(".//table[@class='bars']/tbody/tr")
    assert [row[0].text for row in rows] == list(what["importance"])
    assert rows[0][0].text == "kernel"
    assert rows[0][1].text == f"{what['importance']['kernel']:.1%}"
    assert rows[0][2][0].get("style") == "width:100.0%"


def test_the_front_of_two_objectives(tmp_path: Path) -> None:
    trials = [
        trial(0, [1.0, 1e6]),
        trial(1, [3.0, 2e9]),
        trial(2, [2.0, 2e9]),
        trial(3, [0.5, 3e6]),
    ]
    shown = Shown(tmp_path, found(trials, by_cost=True))
    assert "Quality against cost" in shown.sections
    assert shown.rows("The front of quality against cost") == [
        ["Trial", "Reward", "Multiply-adds"],
        ["0", "1.00", "1 M"],
        ["1", "3.00", "2 G"],
    ]
    header, first, *_ = shown.rows("Every trial")
    assert header[3] == "Multiply-adds"
    assert first[3] == "1 M"


def test_one_objective_has_no_front(tmp_path: Path) -> None:
    shown = Shown(tmp_path, found(mixed()))
    assert shown.sections == ["The best", "How the search went", "Trials", "Settings"]


def test_of_ten_thousand_trials_the_latest_and_the_best_are_listed(tmp_path: Path) -> None:
    what = found([trial(0, [20.0])])
    entry = what["history"][0]
    draws = random.Random(1)
    what["history"] = [entry | {"trial": n, "reward": draws.gauss(25, 1)} for n in range(10_000)]
    what["history"][1234]["reward"] = 60.0
    shown = Shown(tmp_path, what)
    assert shown.size < 3e6
    assert shown.marks("dot") == 10_000
    listed = [int(row[0]) for row in shown.rows("The latest and the best trials")[1:]]
    assert listed == sorted(listed)
    assert set(range(9700, 10_000)) < set(listed)
    assert 1234 in listed
    assert 350 < len(listed) <= 400
    assert "the latest 300 and the best 100" in shown.html


def test_pictures_in_order_under_their_names(tmp_path: Path) -> None:
    pixels = np.zeros((600, 400, 3), np.uint8)
    pictures = {name: picture_of(pixels) for name in ("restored", "trial 12", HOSTILE)}
    shown = Shown(tmp_path, found(mixed()), pictures)
    captions = [c.text for c in shown.tree.findall(".//div[@class='panels']//figcaption")]
    assert captions == ["restored ", "trial 12 ", f"{HOSTILE} "]
    images = list(shown.tree.iter("img"))
    assert [image.get("alt") for image in images] == ["restored", "trial 12", HOSTILE]
    assert all(image.attrib["src"].startswith("data:image/png;base64,") for image in images)
    assert (images[0].get("width"), images[0].get("height")) == ("213", "320")


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    trials = [trial(0, [1.0], known=HOSTILE), trial(1, None, TrialState.FAIL, reason=HOSTILE)]
    told = settings([HOSTILE, "lone \udcff.png"], reward={"uses": HOSTILE, "with": {"of": HOSTILE}})
    shown = Shown(tmp_path, found(trials, told | {"task": HOSTILE, "validation": [HOSTILE]}))
    assert "<script" not in shown.html
    assert not list(shown.tree.iter("img"))
    assert shown.facts["Kept for the last comparison"] == HOSTILE
    assert shown.facts["Reward"] == HOSTILE
    assert f"1 failed: {HOSTILE} (trial 1)" in shown.notes
