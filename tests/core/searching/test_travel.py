"""A search whose pictures and fits travel: another machine has the study's URL and nothing else."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from searcher import Searcher, listed

from nasdip_core.errors import OptionError, PictureError
from nasdip_core.plugins import Plugins
from nasdip_core.searching.travel import receive, send
from nasdip_core.study.artifacts import artifacts_of
from nasdip_core.study.order import note_order, order_of
from nasdip_core.study.reference import resolve_reference
from nasdip_core.worker import work


def test_a_worker_elsewhere_and_the_best_from_anywhere(
    searcher: Searcher, pictures: Path, toys: Plugins, tmp_path: Path
) -> None:
    picture = pictures / "a.png"
    proposals = listed((4, 1), (10, 1), (2, 1))
    planned = searcher.begin(picture, 2, artifacts=str(tmp_path / "store"), strategy=proposals)
    artifacts = artifacts_of(searcher.study)
    assert artifacts is not None
    send(planned, artifacts)
    # Elsewhere: neither the picture nor the folder of the search is there.
    shutil.rmtree(pictures)
    work(searcher.order(), toys)
    assert [r.value is not None for r in searcher.records()] == [True, True]
    assert not (searcher.output / "fits").exists()
    noted = artifacts.names()
    assert set(noted) >= {"data--a.png", "trial-0--0.safetensors", "final-1-2--0.safetensors"}
    assert noted["data--a.png"]["sha256"] == planned.digests[0]
    found = resolve_reference(f"{searcher.output}#best", toys, Path())
    assert len(found.fits) == 3
    assert all("cache-of-the-test" in str(path) and path.is_file() for path in found.fits)


def test_a_folder_and_its_names(searcher: Searcher, pictures: Path, tmp_path: Path) -> None:
    planned = searcher.begin(pictures, 1, artifacts=str(tmp_path / "store"))
    artifacts = artifacts_of(searcher.study)
    assert artifacts is not None
    send(planned, artifacts)
    request = receive(planned.request, artifacts, tmp_path / "there")
    assert request.data == str(tmp_path / "there" / "data")
    again = searcher.plan(request.data)
    assert again.settings() == planned.settings()
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(PictureError, match="is gone from the files of the study"):
        receive(planned.request, artifacts, tmp_path / "late")


def test_masks_travel(searcher: Searcher, tmp_path: Path) -> None:
    for name in ("a.png", "mask.png"):
        Image.fromarray(np.zeros((16, 16), np.uint8)).save(tmp_path / name)
    planned = searcher.begin(
        tmp_path / "a.png",
        1,
        artifacts=str(tmp_path / "store"),
        corrupt=None,
        truth=str(tmp_path / "mask.png"),
    )
    artifacts = artifacts_of(searcher.study)
    assert artifacts is not None
    send(planned, artifacts)
    request = receive(planned.request, artifacts, tmp_path / "there")
    assert request.data == str(tmp_path / "there" / "data" / "a.png")
    assert request.truth == str(tmp_path / "there" / "truth" / "mask.png")


def test_bundled_pictures_need_not_travel(searcher: Searcher, tmp_path: Path) -> None:
    planned = searcher.begin("sample:camera", 1, artifacts=str(tmp_path / "store"), crop=16)
    artifacts = artifacts_of(searcher.study)
    assert artifacts is not None
    send(planned, artifacts)
    assert artifacts.names() == {}
    assert receive(planned.request, artifacts, tmp_path) == planned.request


def test_an_order_keeps_what_it_needs(searcher: Searcher, pictures: Path) -> None:
    searcher.begin(pictures, 3)
    study = searcher.study
    order = order_of(study)
    assert (order["task"], order["trials"]) == ("denoise", 3)
    note_order(study, {**order, "trials": 5})
    assert order_of(study)["trials"] == 5
    assert artifacts_of(study) is None


def test_a_folder_of_frames_does_not_travel(
    searcher: Searcher, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = searcher.begin(pictures / "a.png", 1, artifacts=str(tmp_path / "store"))
    artifacts = artifacts_of(searcher.study)
    assert artifacts is not None
    monkeypatch.setattr(Path, "is_file", lambda _: False)
    with pytest.raises(OptionError, match="is no file, and cannot travel"):
        send(planned, artifacts)
