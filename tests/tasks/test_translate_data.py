"""The pictures that a translation is learnt from: sets, pairs, squares, and what is none."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nasdip_core.errors import PictureError
from nasdip_tasks.translate import data
from nasdip_tasks.translate.data import (
    Domain,
    as_rgb,
    by_names,
    domain,
    resized,
    side_by_side,
    square,
)

Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """What makes a folder of pictures of one grey, by name: (height, width, grey)."""

    def make(name: str, **pictures: tuple[int, int, int]) -> Path:
        path = tmp_path / name
        path.mkdir()
        for stem, (height, width, grey) in pictures.items():
            Image.fromarray(np.full((height, width, 3), grey, np.uint8)).save(path / f"{stem}.png")
        return path

    return make


def test_a_set_is_a_folder_in_order(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder("a", b=(40, 60, 100), a=(30, 30, 200))
    for memory in (2**30, 0):
        monkeypatch.setattr(data, "_MEMORY", memory)
        found = domain(str(path), 20)
        assert len(found) == 2
        assert found.picture(0).shape == (1, 3, 20, 20)
        assert found.picture(1).shape == (1, 3, 20, 30)
        assert float(found.picture(0).mean()) == pytest.approx(200 / 255)
        assert len(found._kept) == (2 if memory else 0)


def test_one_picture_is_a_set_of_its_own(waves_file: Path) -> None:
    assert len(domain(str(waves_file), None)) == len(domain("sample:coffee", 32)) == 1
    alone = Domain.alone(torch.full((1, 1, 8, 8), 0.4), None)
    assert len(alone) == 1
    assert float(alone.picture(0).mean()) == pytest.approx(0.4, abs=1 / 255)


def test_folders_that_do_not_do(folder: Folder, tmp_path: Path) -> None:
    one, none = folder("one", a=(32, 32, 0)), folder("none")
    several = folder("several", a=(32, 32, 0), b=(32, 33, 0))
    with pytest.raises(PictureError, match=r"one' holds one picture.*name the picture"):
        domain(str(one), None)
    with pytest.raises(PictureError, match="none' holds no picture"):
        domain(str(none), None)
    with pytest.raises(PictureError, match="there is no such file"):
        domain(str(tmp_path / "missing"), None)
    with pytest.raises(PictureError, match=r"b\.png': it is 33 pixels wide"):
        side_by_side(str(several), None, back=False)
    (several / "c.png").write_bytes(b"no picture")
    with pytest.raises(PictureError, match=r"c\.png: no picture is found"):
        domain(str(several), None)


def test_pairs_by_name(folder: Folder) -> None:
    a = folder("a", x=(32, 40, 10), y=(32, 32, 20))
    b = folder("b", x=(32, 40, 110), y=(32, 32, 120))
    first, second = by_names(str(a), str(b), None)
    for i in range(2):
        assert float((second.picture(i) - first.picture(i)).mean()) == pytest.approx(100 / 255)


def test_pairs_that_are_none(folder: Folder) -> None:
    a = folder("a", x=(32, 40, 10), y=(32, 32, 20))
    narrow = folder("narrow", x=(32, 39, 10), y=(32, 32, 20))
    lonely = folder("lonely", x=(32, 40, 10), z=(32, 32, 20))
    with pytest.raises(PictureError, match=r"x\.png' is 40 x 32 and its partner .* 39 x 32"):
        by_names(str(a), str(narrow), None)
    with pytest.raises(PictureError, match=r"2 pictures have no partner .* 'y' in .*/a'"):
        by_names(str(a), str(lonely), None)
    with pytest.raises(PictureError, match="is no folder"):
        by_names(str(a), str(a / "x.png"), None)


def test_a_name_that_stands_twice(folder: Folder) -> None:
    a = folder("a", x=(32, 40, 10), y=(32, 32, 20))
    b = folder("b", x=(32, 40, 110), y=(32, 32, 120))
    Image.open(b / "x.png").save(b / "x.jpg")
    with pytest.raises(PictureError, match=r"b/x\.jpg' and '.*b/x\.png' have the same name"):
        by_names(str(a), str(b), None)


@pytest.mark.parametrize("size", [(514, 256), (300, 600)], ids=str)
def test_pairs_side_by_side_by_direction(tmp_path: Path, size: tuple[int, int]) -> None:
    """Each half is brought to the side on its own: nothing of its partner is mixed in."""
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, width // 2 :] = 255
    Image.fromarray(picture).save(tmp_path / "pair.png")
    for back in (False, True):
        first, second = side_by_side(str(tmp_path / "pair.png"), 128, back=back)
        assert min(first.picture(0).shape[-2:]) == 128
        assert first.picture(0).unique().tolist() == [float(back)]
        assert second.picture(0).unique().tolist() == [float(not back)]


def test_squares_of_a_pair_are_the_same() -> None:
    draws = torch.Generator().manual_seed(0)
    picture = torch.rand(1, 3, 50, 70, generator=draws)
    seen = set()
    for _ in range(20):
        one, other = square([picture, 1 - picture], 32, draws)
        assert one.shape == (1, 3, 32, 32)
        assert torch.allclose(one + other, torch.ones(()))
        seen.add(float(one[0, 0, 0, 0]))
    assert len(seen) > 10


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (31, 31)])
def test_a_picture_smaller_than_the_square_is_mirrored(size: tuple[int, int]) -> None:
    draws = torch.Generator().manual_seed(0)
    picture = torch.rand(1, 3, *size, generator=draws)
    (cut,) = square([picture], 32, draws)
    assert cut.shape == (1, 3, 32, 32)
    assert set(cut.flatten().tolist()) <= set(picture.flatten().tolist())


def test_kinds_and_sizes() -> None:
    assert as_rgb(torch.rand(1, 1, 4, 4)).shape == (1, 3, 4, 4)
    with pytest.raises(PictureError, match="4 channels"):
        as_rgb(torch.rand(1, 4, 4, 4))
    assert resized(torch.rand(1, 3, 30, 60), 15).shape == (1, 3, 15, 30)
    assert resized(torch.rand(1, 3, 30, 60), None).shape == (1, 3, 30, 60)
