"""Arrays as pictures: what is read, what is written, what is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from nasdip_core.errors import PictureError
from nasdip_core.imaging.array_files import array_picture
from nasdip_core.imaging.digest import digest
from nasdip_core.imaging.read import read_picture
from nasdip_core.imaging.write import write_picture

MATRIX = np.arange(12, dtype=np.float64).reshape(3, 4) - 2


def test_every_kind_of_file(tmp_path: Path) -> None:
    """The numbers are those of the file, and the range holds them and 0."""
    np.save(tmp_path / "m.npy", MATRIX)
    np.savez(tmp_path / "m.npz", anything=MATRIX)
    np.savetxt(tmp_path / "m.csv", MATRIX, delimiter=",")
    savemat(tmp_path / "m.mat", {"anything": MATRIX})
    for suffix in ("npy", "npz", "csv", "mat"):
        picture = read_picture(tmp_path / f"m.{suffix}")
        np.testing.assert_array_equal(picture.colour[..., 0], MATRIX)
        assert (picture.kind.low, picture.kind.peak) == (-2, 9)
        assert picture.suffix == ".npy"


def test_a_table_of_a_spreadsheet(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "m.csv", MATRIX, delimiter=",", encoding="utf-8-sig")
    assert (tmp_path / "m.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    np.testing.assert_array_equal(read_picture(tmp_path / "m.csv").colour[..., 0], MATRIX)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """A matrix stays one, a cube keeps its channels; tensors are in [0, 1]."""
    for array in (MATRIX, np.random.default_rng(0).normal(size=(3, 4, 7))):
        picture = array_picture(array)
        tensor = picture.tensor()
        assert (float(tensor.min()), float(tensor.max())) == (0, 1)
        (path,) = write_picture(picture.with_samples(tensor), tmp_path / f"a{picture.suffix}")
        np.testing.assert_allclose(np.load(path), array, atol=1e-5)


def test_hyperspectral_cube(tmp_path: Path) -> None:
    """Bands by pixels, column by column, as MATLAB has them."""
    cube = np.random.default_rng(0).random((3, 4, 5))
    bands = cube.transpose(2, 1, 0).reshape(5, 12)
    savemat(tmp_path / "c.mat", {"Y": bands, "nRow": 3, "nCol": 4, "maxValue": 9})
    np.testing.assert_allclose(read_picture(tmp_path / "c.mat").colour, cube, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("ragged.csv", "1,2\n3\n", "line 2 has 1 columns, the first has 2"),
        ("words.csv", "1,2\n3,x\n", "line 2 holds 'x', which is no number"),
        ("empty.csv", "\n\n", "the file is empty"),
        ("damaged.npy", "no array", "cannot be decoded"),
    ],
)
def test_damaged_tables(tmp_path: Path, name: str, content: str, said: str) -> None:
    """One line says what is wrong, and where."""
    (tmp_path / name).write_text(content)
    with pytest.raises(PictureError, match=said) as caught:
        read_picture(tmp_path / name)
    assert name in str(caught.value)


def test_arrays_that_are_no_pictures(tmp_path: Path) -> None:
    """Empty, of too many sides, of objects, or one of several."""
    for array, said in (
        (np.zeros((0, 3)), "is empty"),
        (np.zeros((2, 2, 2, 2)), r"it must be \(H, W\) or \(H, W, C\)"),
        (np.array([["a"]]), "is no picture"),
        (np.full((2, 2), np.inf), "infinite"),
        (np.full((2, 2), np.nan), "none at all that are numbers"),
    ):
        with pytest.raises(PictureError, match=said):
            array_picture(array)
    np.savez(tmp_path / "two.npz", a=MATRIX, b=MATRIX)
    with pytest.raises(PictureError, match="it must hold one array, it holds a, b"):
        read_picture(tmp_path / "two.npz")


def test_gaps_only_for_tasks_on_arrays(tmp_path: Path) -> None:
    """An empty cell is a gap; it is let through where it means something."""
    (tmp_path / "m.csv").write_text("1,,3\n4,5,nan\n")
    with pytest.raises(PictureError, match="not numbers"):
        read_picture(tmp_path / "m.csv")
    picture = read_picture(tmp_path / "m.csv", arrays=True)
    assert np.isnan(picture.colour[..., 0]).tolist() == [[False, True, False], [False, False, True]]
    assert picture.peak == 5


def test_a_folder_of_frames(tmp_path: Path) -> None:
    """Its digest is that of the frames; other tasks see a folder."""
    for name, grey in (("b", 255), ("a", 0)):
        Image.new("L", (5, 4), grey).save(tmp_path / f"{name}.png")
    stack = read_picture(tmp_path, arrays=True)
    assert stack.colour.shape == (4, 5, 2)
    assert stack.colour[0, 0].tolist() == [0, 1]
    before = digest(str(tmp_path))
    Image.new("L", (5, 4), 9).save(tmp_path / "a.png")
    assert digest(str(tmp_path)) != before
    with pytest.raises(PictureError, match="it is a directory"):
        read_picture(tmp_path)


def test_frames_of_floats_keep_their_brightness(tmp_path: Path) -> None:
    """Each has a range of its own; what a factor tells of time is the ratio between them."""
    plain = np.random.default_rng(0).random((6, 5), np.float32)
    for i, factor in enumerate((1.5, 3, 6)):
        Image.fromarray(plain * factor).save(tmp_path / f"{i}.tif")
    means = read_picture(tmp_path, arrays=True).colour.mean(axis=(0, 1))
    assert means / means[0] == pytest.approx([1, 2, 4])


def test_what_is_not_kept_of_arrays_and_frames_is_told(tmp_path: Path) -> None:
    plain = np.random.default_rng(0).random((6, 5))
    for dtype, told in ((np.float32, ()), (np.float64, ("float64",)), (np.int32, ("int32",))):
        np.save(tmp_path / "a.npy", plain.astype(dtype))
        notes = read_picture(tmp_path / "a.npy").notes
        assert len(notes) == len(told)
        assert all(word in note for word, note in zip(told, notes, strict=True))
    (tmp_path / "a.npy").unlink()
    for mode, count in (("L", 0), ("RGB", 1)):
        for name in ("a", "b"):
            Image.new(mode, (5, 4)).save(tmp_path / f"{name}.png")
        assert len(read_picture(tmp_path, arrays=True).notes) == count
