"""The files of a search: what it reads, what it writes, and what it leaves alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasdip_core.errors import PictureError, RunError
from nasdip_core.plugins import Plugins
from nasdip_core.searching import conclude
from nasdip_core.searching.api import join
from nasdip_core.study.order import note_order, order_of
from nasdip_core.study.storage import open_storage, study_url
from nasdip_core.study.study import load_study

Search = Callable[..., dict[str, Any]]


def test_a_folder_with_a_dot_is_a_folder(search: Search, pictures: Path, tmp_path: Path) -> None:
    search(pictures / "a.png", [(4, 1)], 1, output=tmp_path / "out-1.5")
    assert (tmp_path / "out-1.5" / "study.db").is_file()


def test_what_would_fail_in_the_end_fails_at_once(
    search: Search, pictures: Path, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="its folder is not there"):
        search(pictures / "a.png", [(4, 1)], 1, export=tmp_path / "nowhere" / "x.yaml")
    with pytest.raises(RunError, match="it is a folder"):
        search(pictures / "a.png", [(4, 1)], 1, export=pictures)
    before = (pictures / "a.png").read_bytes()
    for data in (pictures / "a.png", pictures):
        with pytest.raises(RunError, match=r"a\.png' is what the search reads; name another file"):
            search(data, [(4, 1)], 1, export=pictures / "a.png")
    assert (pictures / "a.png").read_bytes() == before
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="file"):
        search(pictures / "a.png", [(4, 1)], 1, output=tmp_path / "file")
    own = (pictures / "a.png").rename(pictures / "restored.png")
    with pytest.raises(RunError, match=r"restored\.png' would be overwritten"):
        search(own, [(4, 1)], 1, output=pictures)
    (pictures / "d.png").write_bytes(b"")
    with pytest.raises(PictureError, match=r"d\.png"):
        search(pictures, [(4, 1)], 1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["best.yaml", "index.html", "restored.tif"])
def test_files_that_no_search_has_made_stay(
    name: str, search: Search, pictures: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "out" / name
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(RunError, match=rf"{name}' is in the way of this search"):
        search(pictures / "a.png", [(4, 1)], 1)
    assert [path.name for path in mine.parent.iterdir()] == [name]
    mine.unlink()
    for trials in (1, 2):
        search(pictures / "a.png", [(4, 1), (2, 1)], trials)


def test_what_was_broken_off_at_its_last_files_goes_on(
    search: Search, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    elsewhere = tmp_path / "elsewhere.db"
    with monkeypatch.context() as patch:
        patch.setattr(conclude, "write_search_page", killed)
        with pytest.raises(KeyboardInterrupt):
            search(pictures / "a.png", [(4, 1)], 1, study=elsewhere)
    assert (tmp_path / "out" / "best.yaml").is_file()
    assert search(pictures / "a.png", [(4, 1)], 1, study=elsewhere)["outputs"]["page"]


def test_options_that_name_files_are_those_of_the_first_command(
    search: Search, pictures: Path, toys: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("kernel.npy", np.full((3, 3), 1 / 9))
    kernel = {"corrupt": {"kernel": "kernel.npy"}}
    search(pictures / "a.png", [(4, 1), (2, 1)], 1, task="deblur", options=kernel)
    url = study_url(tmp_path / "out")
    study = load_study(open_storage(url), url)
    note_order(study, {**order_of(study), "trials": 2})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert join(url, options={"launcher": "inline"}, plugins=toys)["trials"]["done"] == 2
