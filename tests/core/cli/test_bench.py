"""`nasdip bench`: pairs, resumption, shards, failures, and tables that agree."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import nasdip_core.bench.run
from nasdip_core.bench.units import Unit
from nasdip_core.errors import RunError
from nasdip_core.imaging.read import read_picture

Cli = Callable[..., Any]
Tiny = tuple[str, ...]


def untimed(found: dict[str, Any]) -> dict[str, Any]:
    """Return a result without what differs from run to run."""
    for entry in [*found["methods"], *found["units"]]:
        del entry["seconds"], entry["peak_memory_bytes"]
    return found


def test_all_methods_see_the_same_damage(
    cli: Cli, words: tuple[Any, ...], here: list[Unit]
) -> None:
    answer = cli(
        *words,
        "--seeds",
        2,
        "-o",
        "out",
        "--metric",
        "blur",
        "--metric",
        "psnr-y",
        "--metric",
        "ssim",
    )
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert found["schema"] == "nasdip.bench/1"
    assert (found["planned"], found["done"], found["failed"]) == (8, 8, 0)
    damages: dict[tuple[str, int], set[str]] = {}
    for unit in found["units"]:
        damages.setdefault((unit["picture"], unit["seed"]), set()).add(unit["damage"])
    assert [len(seen) for seen in damages.values()] == [1] * 4
    assert len(set.union(*damages.values())) == 4
    network, classical = found["methods"]
    assert (network["method"], classical["method"]) == ("tiny", "wavelet")
    assert network["iterations"] == 2
    assert classical["iterations"] is None
    assert len(set(classical["psnr"].values())) == 1
    assert network["difference"] is None
    assert classical["difference"]["mean"] == pytest.approx(
        classical["psnr"]["self_stopped"] - network["psnr"]["self_stopped"]
    )
    assert classical["difference"]["low"] < classical["difference"]["mean"]
    assert set(classical["metrics"]) == {"blur", "psnr-y"}
    assert json.loads(Path("out/bench.json").read_text()) == found


def test_the_damaged_picture_is_that_of_a_run(
    cli: Cli, words: tuple[Any, ...], here: list[Unit], data: Path, tiny: Tiny
) -> None:
    assert cli(*words, "-o", "out").code == 0
    run = ("run", data / "a.png", "-t", "denoise", *tiny, "-S", "fit.steps=2", "-o", "run")
    assert cli(*run, "-S", "corrupt.sigma=25").code == 0
    kept = Path("out/pictures/a.png--damaged--seed-0.png")
    assert kept.read_bytes() == Path("run/damaged.png").read_bytes()
    restored = Path("out/units/a.png--tiny--seed-0.png")
    assert restored.read_bytes() == Path("run/restored.png").read_bytes()


def test_the_tables_agree(cli: Cli, words: tuple[Any, ...], here: list[Unit]) -> None:
    answer = cli(*[w for w in words if w != "--json"], "-o", "out", "--metric", "blur")
    found = json.loads(Path("out/bench.json").read_text())
    assert answer.out.strip() == Path("out/table.md").read_text().strip()
    printed = [line.strip("| ").split(" | ") for line in answer.out.splitlines()[:4]]
    rows = list(csv.DictReader(io.StringIO(Path("out/table.csv").read_text())))
    page = Path("out/index.html").read_text()
    assert len(rows) == len(found["methods"]) == 2
    for shown, row, method in zip(printed[2:], rows, found["methods"], strict=True):
        assert row["method"] == method["method"] == shown[0]
        assert float(row["psnr.self_stopped"]) == method["psnr"]["self_stopped"]
        assert shown[2] == f"{method['psnr']['self_stopped']:.2f} dB"
        assert float(row["metrics.blur"]) == method["metrics"]["blur"]
        assert float(row["peak_memory_bytes"]) == method["peak_memory_bytes"]
        assert all(f">{cell}<" in page for cell in shown)
    assert float(rows[1]["difference.low"]) == found["methods"][1]["difference"]["low"]
    assert rows[0]["difference.mean"] == ""
    assert page.count("<figure>") == 2 * (2 + 2)
    assert "://" not in page


def test_what_is_finished_is_not_repeated(
    cli: Cli, words: tuple[Any, ...], here: list[Unit]
) -> None:
    first = cli(*words, "-o", "out")
    assert len(here) == 4
    again = cli(*words, "-o", "out")
    assert again.out == first.out
    assert len(here) == 4
    Path("out/units/a.png--wavelet--seed-0.json").unlink()
    assert cli(*words, "-o", "out").code == 0
    assert here[4:] == [Unit("a.png", "wavelet", 0)]


def test_other_settings_are_refused(
    cli: Cli, words: tuple[Any, ...], here: list[Unit], data: Path, waves: np.ndarray
) -> None:
    assert cli(*words, "-o", "out").code == 0
    refused = cli(*words, "-o", "out", "--seeds", 2)
    assert refused.code == 3
    assert "holds a bench with other settings" in refused.err
    Image.fromarray(255 - waves).save(data / "a.png")
    assert cli(*words, "-o", "out").code == 3
    assert len(here) == 4
    Path("out/mine.txt").write_text("kept")
    assert cli(*words, "-o", "out", "--force").code == 0
    assert len(here) == 8
    assert Path("out/mine.txt").exists()


def test_shards_make_the_whole(cli: Cli, words: tuple[Any, ...], here: list[Unit]) -> None:
    whole = json.loads(cli(*words, "-o", "whole").out)
    # All methods of a picture are in one shard; there are two pictures.
    for i, done in enumerate((2, 2, 0), start=1):
        part = json.loads(cli(*words, "-o", f"part-{i}", "--shard", f"{i}/3").out)
        assert part["done"] == done
    merging = ("bench", "--merge", "part-1", "--merge", "part-2", "--merge", "part-3", "--json")
    merged = json.loads(cli(*merging, "-o", "merged").out)
    assert untimed(merged) == untimed(whole)
    files = [{p.relative_to(f) for p in Path(f).rglob("*")} for f in ("whole", "merged")]
    assert files[0] == files[1]
    assert cli(*words, "-S", "fit.steps=1", "-o", "other").code == 0
    assert cli("bench", "--merge", "part-1", "--merge", "other", "-o", "no").code == 3
    assert cli("bench", "--merge", "part-1", "-o", "part-1", "--force").code == 3
    assert Path("part-1/settings.json").exists()
    lost = next(Path("part-2/units").glob("*.png"))
    lost.unlink()
    answer = cli(*merging, "-o", "again")
    assert (answer.code, f"cannot read '{lost}'" in answer.err) == (3, True)


def test_a_failed_unit_is_recorded_and_tried_again(
    cli: Cli, words: tuple[Any, ...], here: list[Unit], data: Path
) -> None:
    good = (data / "a.png").read_bytes()
    (data / "a.png").write_bytes(good[:80])
    answer = cli(*words, "-o", "out")
    assert answer.code == 1
    found = json.loads(answer.out)
    assert (found["done"], found["failed"]) == (2, 2)
    failed = [unit for unit in found["units"] if unit["state"] == "failed"]
    assert {unit["picture"] for unit in failed} == {"a.png"}
    assert all("a.png" in unit["reason"] for unit in failed)
    assert [method["failed"] for method in found["methods"]] == [1, 1]
    assert "2 failed" in answer.err
    assert cli(*words, "-o", "out").code == 1
    assert len(here) == 6


@pytest.mark.parametrize(
    ("noise", "reason"),
    [
        ("salt-and-pepper", "does not fill missing pixels"),
        ("outliers", "cannot tell what is noise here"),
    ],
)
def test_a_baseline_that_cannot_serve_the_noise_fails(
    cli: Cli, words: tuple[Any, ...], here: list[Unit], noise: str, reason: str
) -> None:
    answer = cli(*words, "-o", "out", "-S", f"corrupt.noise={noise}")
    assert answer.code == 1
    reasons = {unit.get("reason") for unit in json.loads(answer.out)["units"]}
    assert reasons == {None, f"baseline 'wavelet' {reason}"}


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (["--arch", "dpi"], 4, "did you mean 'dip'?"),
        (["--preset", "fsat"], 4, "did you mean 'fast'?"),
        (["--baseline", "wavlet"], 4, "did you mean 'wavelet'?"),
        (["--baseline", "bicubic"], 4, "does not serve the task 'denoise'"),
        (["--metric", "psnry"], 4, "did you mean 'psnr-y'?"),
        (["--baseline", "wavelet"], 3, "stands here twice"),
        (["-S", "metric.blur.window=3", "--metric", "blur"], 3, "metric.blur.window"),
        (["-S", "metric.blur.window=3"], 3, "without --metric blur"),
        (["-S", "fit.stpes=3"], 3, "fit.stpes"),
        (["-S", "picture=x.png"], 3, "unknown option 'picture'"),
        (["--shard", "3/2"], 3, "1/4 to 4/4"),
        (["--merge", "x"], 3, "--merge takes nothing"),
    ],
)
def test_mistakes(
    cli: Cli, words: tuple[Any, ...], more: list[str], code: int, message: str
) -> None:
    answer = cli(*words, "-o", "out", *more)
    assert answer.code == code
    assert message in answer.err
    assert not Path("out").exists()


def test_a_folder_that_is_no_bench_and_nothing_to_compare(cli: Cli, data: Path) -> None:
    assert cli("bench", "--merge", data, "-o", "out").code == 3
    assert cli("bench", "-o", "out").code == 3
    answer = cli("bench", "-t", "denoise", "--data", data, "-o", "out")
    assert (answer.code, "nothing to compare" in answer.err) == (3, True)


def test_a_page_that_fails_costs_no_result(
    cli: Cli, words: tuple[Any, ...], here: list[Unit], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise RunError("no page")

    monkeypatch.setattr(nasdip_core.bench.run, "write_bench_page", failing)
    assert cli(*words, "-o", "out").code == 1
    assert json.loads(Path("out/bench.json").read_text())["done"] == 4


def test_a_baseline_of_a_task_that_makes_colour_takes_grey_pictures(
    cli: Cli, here: list[Unit], data: Path
) -> None:
    answer = cli(
        "bench", "-t", "translate", "--data", data, "--baseline", "colour-transfer",
        "-S", f"task.target={data}", "-S", "corrupt.look=grey", "-o", "out", "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    restored = sorted(Path("out").rglob("*colour-transfer*.png"))
    assert [read_picture(str(file)).channels for file in restored] == [3, 3]
