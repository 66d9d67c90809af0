"""Stacks of frames: every form is read, changed, and written as it was."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from nasdip_core.errors import PictureError, RunError
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.metrics import psnr, ssim
from nasdip_core.imaging.preview import preview_png
from nasdip_core.imaging.read import read_picture, read_stack
from nasdip_core.imaging.stack import Stack
from nasdip_core.imaging.write import files_of, write_picture

RNG = np.random.default_rng(0)


def volume(*shape: int, dtype: str = "uint8") -> Any:
    """Return noise of a shape."""
    if dtype == "float32":
        return RNG.random(shape, dtype=np.float32)
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def folder_of(samples: Any, path: Path, suffix: str = ".png") -> Path:
    path.mkdir()
    for number, frame in enumerate(samples):
        Image.fromarray(frame).save(path / f"shot-{number:02}{suffix}")
    return path


def tiff_of(samples: Any, path: Path, **options: Any) -> Path:
    with tifffile.TiffWriter(path) as writer:
        for frame in samples:
            photometric = "rgb" if frame.ndim == 3 else "minisblack"
            writer.write(frame, photometric=photometric, contiguous=False, **options)
    return path


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_pages_of_a_tiff_come_back_as_they_were(
    dtype: str, channels: tuple[int, ...], tmp_path: Path
) -> None:
    samples = volume(4, 5, 6, *channels, dtype=dtype)
    stack = read_stack(tiff_of(samples, tmp_path / "a.tif"))
    assert isinstance(stack, Stack)
    assert stack.notes == (), "no frame was left out"
    tensor = stack.tensor()
    assert tensor.shape == (4, (*channels, 1)[0], 5, 6)
    (written,) = write_picture(stack.with_samples(tensor), tmp_path / f"b{stack.suffix}")
    assert written == tmp_path / "b.tif"
    back = tifffile.imread(written, key=range(4))
    assert back.dtype == dtype
    if dtype == "float32":
        assert np.allclose(back, samples, atol=1e-6)
    else:
        assert np.array_equal(back, samples)


def test_frames_of_a_folder_keep_their_names(tmp_path: Path) -> None:
    samples = volume(3, 5, 6, 3)
    stack = read_stack(folder_of(samples, tmp_path / "film"))
    assert stack.suffix == ""
    (written,) = write_picture(stack, tmp_path / "again")
    assert sorted(file.name for file in written.iterdir()) == [f"shot-0{i}.png" for i in range(3)]
    for number, frame in enumerate(samples):
        assert np.array_equal(np.asarray(Image.open(written / f"shot-0{number}.png")), frame)


def test_frames_of_a_lossy_kind_are_written_without_loss(tmp_path: Path) -> None:
    stack = read_stack(folder_of(volume(2, 8, 8, 3), tmp_path / "film", ".jpg"))
    (written,) = write_picture(stack, tmp_path / "again")
    assert sorted(file.name for file in written.iterdir()) == ["shot-00.png", "shot-01.png"]
    assert torch.equal(read_stack(written).tensor(), stack.tensor())


@pytest.mark.parametrize("shape", [(4, 5, 6), (4, 5, 6, 3)])
def test_arrays_have_their_frames_first(shape: tuple[int, ...], tmp_path: Path) -> None:
    samples = volume(*shape, dtype="float32") * 7 - 3
    np.save(tmp_path / "a.npy", samples)
    stack = read_stack(tmp_path / "a.npy")
    tensor = stack.tensor()
    assert tensor.shape[0] == 4
    assert float(tensor.min()) == 0
    assert float(tensor.max()) == 1, "one range for all frames"
    (written,) = write_picture(stack.with_samples(tensor), tmp_path / "b.npy")
    assert np.allclose(np.load(written), samples, atol=1e-5)


def test_smaller_copies_in_a_tiff_are_no_frames(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for _ in range(2):
            writer.write(volume(8, 8), photometric="minisblack", contiguous=False)
            writer.write(volume(4, 4), photometric="minisblack", subfiletype=1, contiguous=False)
    assert len(read_stack(tmp_path / "a.tif").tensor()) == 2


def test_a_page_that_cannot_be_decoded_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pages = [Image.fromarray(volume(8, 8, dtype="uint16")) for _ in range(2)]
    pages[0].save(path, save_all=True, append_images=pages[1:], compression="tiff_lzw")
    with pytest.raises(PictureError, match=r"its compression .* is not supported"):
        read_stack(path)


def test_what_is_no_stack_is_refused(tmp_path: Path) -> None:
    Image.fromarray(volume(4, 5)).save(tmp_path / "one.png")
    np.save(tmp_path / "flat.npy", volume(4, 5))
    np.save(tmp_path / "deep.npy", volume(2, 2, 2, 2, 2))
    tiff_of(volume(1, 4, 5), tmp_path / "one.tif")
    (tmp_path / "empty").mkdir()
    for name, message in (
        ("one.png", "it is no stack of frames; a folder of frames"),
        ("flat.npy", "it has 1 frames, two are needed"),
        ("deep.npy", r"an array of shape \(2, 2, 2, 2, 2\) is no stack; it must be \(T, H, W\)"),
        ("one.tif", "it has 1 frames, two are needed"),
        ("empty", "it has 0 frames, two are needed"),
        ("none.tif", "there is no such file"),
    ):
        with pytest.raises(PictureError, match=message):
            read_stack(tmp_path / name)


@pytest.mark.parametrize("name", ["one.png", "one.tif", "one.npy"])
def test_one_picture_may_stand_for_all(name: str, tmp_path: Path) -> None:
    write_picture(picture_of(volume(4, 5)), tmp_path / "one.png")
    tiff_of(volume(1, 4, 5), tmp_path / "one.tif")
    np.save(tmp_path / "one.npy", volume(4, 5))
    picture = read_stack(tmp_path / name, or_one=True)
    assert not isinstance(picture, Stack)
    assert picture.tensor().shape == (1, 1, 4, 5)


def test_frames_that_differ_are_refused(tmp_path: Path) -> None:
    folder = folder_of(volume(2, 4, 5), tmp_path / "film")
    Image.fromarray(volume(4, 6)).save(folder / "shot-02.png")
    with pytest.raises(PictureError, match=r"frame 'shot-02\.png' is 6 x 4, L, the first is 5 x 4"):
        read_stack(folder)
    tiff_of([volume(4, 5), volume(4, 5, 3)], tmp_path / "a.tif")
    with pytest.raises(PictureError, match="frame 2 is 5 x 4, RGB"):
        read_stack(tmp_path / "a.tif")


def test_what_is_no_number_is_refused_in_any_frame(tmp_path: Path) -> None:
    samples = volume(3, 4, 5, dtype="float32")
    samples[2, 1, 1] = np.nan
    tiff_of(samples, tmp_path / "a.tif")
    with pytest.raises(PictureError, match="not numbers"):
        read_stack(tmp_path / "a.tif")


def test_known_samples_are_copied_frame_by_frame(tmp_path: Path) -> None:
    samples = volume(3, 4, 5)
    stack = read_stack(folder_of(samples, tmp_path / "film"))
    assert isinstance(stack, Stack)
    known = torch.zeros(3, 1, 4, 5, dtype=torch.bool)
    known[1, 0, 2] = True
    changed = stack.with_samples(torch.zeros(3, 1, 4, 5), known=known).samples[..., 0]
    assert np.array_equal(changed[1, 2], samples[1, 2])
    assert changed.sum() == samples[1, 2].sum()
    everywhere = stack.with_samples(torch.zeros(3, 1, 4, 5), known=torch.ones(1, 1, 4, 5).bool())
    assert np.array_equal(everywhere.samples[..., 0], samples)
    with pytest.raises(ValueError, match="for 3 frames"):
        stack.with_samples(torch.zeros(1, 1, 4, 5))


def test_alpha_comes_back_with_every_frame(tmp_path: Path) -> None:
    samples = volume(2, 4, 5, 4)
    stack = read_stack(folder_of(samples, tmp_path / "film"))
    assert isinstance(stack, Stack)
    alpha = stack.alpha_tensor()
    assert alpha is not None
    assert alpha.shape == (2, 1, 4, 5)
    kept = stack.with_samples(stack.tensor())
    opaque = stack.with_samples(stack.tensor(), alpha=torch.ones(2, 1, 4, 5))
    for frame, wanted in zip(kept.frames, samples, strict=True):
        assert frame.alpha is not None
        assert np.array_equal(frame.alpha, wanted[..., 3])
    assert opaque.is_opaque
    assert not kept.is_opaque


def test_the_middle_frame_is_shown(tmp_path: Path) -> None:
    samples = volume(3, 4, 5)
    stack = read_stack(folder_of(samples, tmp_path / "film"))
    middle = read_picture(tmp_path / "film" / "shot-01.png")
    assert preview_png(stack, 64) == preview_png(middle, 64)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    stack = read_stack(folder_of(volume(2, 4, 5), tmp_path / "film"))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="cannot write"):
        write_picture(stack, tmp_path / "file" / "inside")


def test_measures_are_over_all_frames() -> None:
    first = torch.zeros(2, 1, 16, 16)
    second = first.clone()
    second[1] = 0.1
    assert psnr(first, second) == pytest.approx(-10 * np.log10(0.005))
    apart = [ssim(a[None], b[None]) for a, b in zip(first, second, strict=True)]
    assert ssim(first, second) == pytest.approx(np.mean(np.array(apart, float)))


@pytest.mark.parametrize(("mode", "wider"), [("1", "L"), ("P", "RGB")])
def test_where_one_frame_leaves_its_model_all_do(mode: str, wider: str, tmp_path: Path) -> None:
    folder = tmp_path / "film"
    folder.mkdir()
    for i in range(3):
        Image.fromarray(volume(20, 20, 3)).quantize(8).convert(mode).save(folder / f"{i}.png")
    stack = read_stack(folder)
    assert stack.mode == mode
    samples = stack.tensor()
    samples[1] = torch.rand(samples.shape[1:], generator=torch.Generator().manual_seed(0))
    changed = stack.with_samples(samples)
    assert isinstance(changed, Stack)
    assert {frame.mode for frame in changed.frames} == {wider}
    assert len(changed.notes) == 1
    write_picture(changed, tmp_path / "out")
    back = read_stack(tmp_path / "out").tensor()
    assert torch.equal(back, changed.tensor())
    assert torch.equal(back[0], stack.tensor()[0])


def test_a_frame_whose_format_does_not_hold_it_changes_its_suffix(tmp_path: Path) -> None:
    stack = read_stack(folder_of(volume(2, 5, 6, dtype="uint16"), tmp_path / "film", ".pgm"))
    write_picture(stack, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "shot-00.png", "shot-01.png"
    ]  # fmt: skip
    assert torch.equal(read_stack(tmp_path / "out").tensor(), stack.tensor())


def test_frames_whose_new_names_are_taken_are_kept_apart(tmp_path: Path) -> None:
    folder = tmp_path / "film"
    folder.mkdir()
    names = ["a.jpeg", "a.jpg", "a.jpg.png", "a.png", "b.jpg"]
    for name, frame in zip(names, volume(5, 16, 16), strict=True):
        Image.fromarray(frame).save(folder / name)
    stack = read_stack(folder)
    write_picture(stack, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a.jpeg.png", "a.jpg.png", "a.jpg.png.png", "a.png", "b.png"
    ]  # fmt: skip
    assert files_of(stack, tmp_path / "out")[3] == tmp_path / "out" / "a.png"


def test_pages_with_palettes_are_written_as_rgb(tmp_path: Path) -> None:
    first, *others = (Image.fromarray(volume(8, 8, 3)).quantize(16) for _ in range(3))
    first.save(tmp_path / "a.tif", save_all=True, append_images=others)
    stack = read_stack(tmp_path / "a.tif")
    assert stack.mode == "P"
    write_picture(stack, tmp_path / "b.tif")
    back = read_stack(tmp_path / "b.tif")
    assert back.mode == "RGB"
    assert torch.equal(back.tensor(), stack.tensor())
    with Image.open(tmp_path / "b.tif") as image:
        assert image.mode == "RGB"
