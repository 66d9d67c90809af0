"""The folder of a bench: what `--force` removes, and what it leaves alone."""

import json
from pathlib import Path

import numpy as np
import pytest

from nasdip_core.bench.folder import BenchFolder
from nasdip_core.bench.run import run_bench
from nasdip_core.bench.units import Unit, plan_bench
from nasdip_core.errors import OptionError
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.plugins import Plugins

SCHEMA = "nasdip.bench-settings/1"
SETTINGS = {
    "schema": SCHEMA,
    "task": "denoise",
    "pictures": {"a.png": "x"},
    "methods": [{"label": "tiny", "baseline": None, "with": {}}],
    "seeds": 1,
    "metrics": {},
}
UNIT = Unit("a.png", "tiny", 0)


def names(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_force_removes_what_a_bench_has_written_and_nothing_else(tmp_path: Path) -> None:
    folder = BenchFolder(tmp_path / "out")
    folder.open(SETTINGS, force=False)
    picture = picture_of(np.zeros((4, 4, 3), np.uint8))
    folder.record(UNIT, {"files": folder.keep(UNIT, truth=picture, damaged=picture)})
    (folder.pictures / "a.png--truth-lossless.png").touch()
    for table in (folder.result, folder.markdown, folder.csv, folder.page):
        table.touch()
    assert len(names(folder.path)) == 9
    (folder.pictures / "holiday.png").touch()
    (folder.units / "metres.txt").touch()
    folder.open({**SETTINGS, "seeds": 2}, force=True)
    assert names(folder.path) == {"pictures/holiday.png", "units/metres.txt", "settings.json"}
    assert folder.read_settings()["seeds"] == 2


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("name", ["settings.json", "index.html", "table.csv"])
def test_files_of_something_else_are_no_bench(tmp_path: Path, name: str, force: bool) -> None:
    (tmp_path / name).write_text(json.dumps({"editor.tabSize": 4}))
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "holiday.png").touch()
    with pytest.raises(OptionError, match=f"{name}' is not of a bench; choose another -o DIR"):
        BenchFolder(tmp_path).open(SETTINGS, force=force)
    assert names(tmp_path) == {name, "pictures/holiday.png"}


@pytest.mark.parametrize("part", ["pictures", "units"])
def test_the_pictures_of_the_user_do_not_lie_among_those_of_the_bench(
    tmp_path: Path, part: str, plugins: Plugins, waves_file: Path
) -> None:
    folder = tmp_path / "out"
    (data := folder / part).mkdir(parents=True)
    (data / "waves.png").write_bytes(waves_file.read_bytes())
    bench = plan_bench("denoise", data, {}, plugins, baselines=["wavelet"])
    with pytest.raises(OptionError, match="the pictures lie where the bench"):
        run_bench(bench, folder, say=print, force=True)
    assert names(folder) == {f"{part}/waves.png"}


def test_files_in_options_count_by_content(
    tmp_path: Path, plugins: Plugins, waves_file: Path
) -> None:
    def settings(name: str, kernel: np.ndarray) -> object:
        (kernels := tmp_path / "kernels").mkdir(exist_ok=True)
        path = kernels / name
        np.save(path, kernel)
        options = {"corrupt": {"kernel": str(path)}}
        bench = plan_bench(
            "deblur", waves_file.parent, options, plugins, baselines=["richardson-lucy"]
        )
        return bench.settings()

    first = settings("a.npy", np.eye(3))
    assert settings("b.npy", np.eye(3)) == first
    assert settings("a.npy", np.ones((3, 3))) != first
    assert str(tmp_path) not in json.dumps(first)
