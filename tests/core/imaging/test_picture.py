"""Samples back into a picture: depth, clipping, alpha, kinds of few colours."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from nasdip_core.errors import RunError
from nasdip_core.imaging.arrays import picture_of
from nasdip_core.imaging.kinds import range_of
from nasdip_core.imaging.picture import Picture


def test_samples_are_clipped_and_rounded_half_to_even() -> None:
    picture = picture_of(np.zeros((1, 4), np.uint8))
    values = torch.tensor([-1.0, 2.0, 100.5 / 255, 101.5 / 255]).reshape(1, 1, 1, 4)
    assert picture.with_samples(values).colour.ravel().tolist() == [0, 255, 100, 102]


def test_peak_is_the_top_of_the_type() -> None:
    assert picture_of(np.zeros((2, 2), np.uint8)).peak == 255
    assert picture_of(np.zeros((2, 2), np.uint16)).peak == 65535
    assert picture_of(np.zeros((2, 2), np.float64)).peak == 1


@pytest.mark.parametrize(
    ("samples", "span"),
    [([0.2, np.nan], (0, 1)), ([-2, np.nan, 5], (-2, 5)), ([np.nan, np.inf], (0, 1))],
)
def test_the_range_is_that_of_the_samples_that_are_numbers(
    samples: list[float], span: tuple[float, float]
) -> None:
    assert range_of(np.array([samples], np.float32)) == span


def test_alpha_can_be_kept_given_or_dropped() -> None:
    rgba = np.full((2, 3, 4), 7, np.uint8)
    picture = picture_of(rgba)
    samples = torch.ones(1, 3, 2, 3)
    kept = picture.with_samples(samples)
    assert kept.alpha is not None
    assert (kept.alpha == 7).all()
    given = picture.with_samples(samples, alpha=torch.full((1, 1, 2, 3), 0.5))
    assert given.alpha is not None
    assert (given.alpha == 128).all()
    opaque = picture.with_samples(samples, alpha=None)
    assert opaque.alpha is None
    assert opaque.mode == "RGB"


@pytest.mark.parametrize(
    ("samples", "known"),
    [
        (torch.zeros(1, 1, 4, 4), None),
        (torch.zeros(3, 4, 4), None),
        (torch.zeros(1, 3, 8, 8), torch.ones(1, 1, 4, 4)),
        (torch.zeros(1, 3, 4, 4), torch.ones(1, 1, 8, 8)),
    ],
)
def test_shapes_that_do_not_fit_are_refused(
    samples: torch.Tensor, known: torch.Tensor | None
) -> None:
    with pytest.raises(ValueError, match="shape"):
        picture_of(np.zeros((4, 4, 3), np.uint8)).with_samples(samples, known=known)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_result_that_is_no_number_is_refused(bad: float) -> None:
    picture = picture_of(np.zeros((1, 1), np.uint8))
    with pytest.raises(RunError, match="not numbers"):
        picture.with_samples(torch.full((1, 1, 1, 1), bad))


def test_a_picture_checks_its_arrays() -> None:
    picture = picture_of(np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(ValueError, match="shape"):
        Picture(picture.colour[..., 0], None, picture.kind)
    with pytest.raises(ValueError, match="alpha"):
        Picture(picture.colour, np.zeros((2, 2), np.uint16), picture.kind)


def test_a_bilevel_picture_stays_so_or_says_why() -> None:
    image = Image.fromarray(np.eye(4, dtype=np.uint8) * 255).convert("1")
    picture = picture_of(image)
    flipped = picture.with_samples(1 - picture.tensor())
    assert flipped.mode == "1"
    grey = picture.with_samples(torch.full((1, 1, 4, 4), 0.3))
    assert grey.mode == "L"
    assert any("grey levels" in note for note in grey.notes)


def test_a_palette_grows_while_there_is_room(kit: Any) -> None:
    picture = picture_of(kit.palette_image(8, 8, 250))
    samples = picture.tensor()
    samples[..., 0, :4] = torch.rand(3, 4)
    grown = picture.with_samples(samples)
    assert grown.mode == "P"
    assert grown.kind.palette is not None
    assert picture.kind.palette is not None
    assert grown.kind.palette.startswith(picture.kind.palette)
    assert len(grown.kind.palette) == len(picture.kind.palette) + 4 * 4
    assert grown.notes == ()


def test_unused_entries_give_way_in_a_full_palette(kit: Any) -> None:
    image = kit.palette_image(4, 4, 256)
    picture = picture_of(image)
    samples = torch.rand(picture.tensor().shape, generator=torch.Generator().manual_seed(0))
    samples[..., 2:, :] = picture.tensor()[..., 2:, :]
    changed = picture.with_samples(samples)
    assert changed.mode == "P"
    assert changed.kind.palette is not None
    assert len(changed.kind.palette) // 4 <= 16
    assert np.array_equal(changed.colour[2:], picture.colour[2:])


def test_too_many_colours_leave_the_palette(kit: Any) -> None:
    picture = picture_of(kit.palette_image(20, 20, 16))
    many = torch.rand(1, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    result = picture.with_samples(many)
    assert result.mode == "RGB"
    assert any("256 colours" in note for note in result.notes)


def test_alpha_on_a_jpeg_moves_it_to_png(kit: Any) -> None:
    image = Image.fromarray(np.zeros((4, 4, 3), np.uint8))
    image.format = "JPEG"
    picture = picture_of(image)
    assert picture.suffix == ".jpg"
    result = picture.with_samples(picture.tensor(), alpha=torch.ones(1, 1, 4, 4))
    assert result.suffix == ".png"
    assert result.mode == "RGBA"
    assert any("JPEG" in note for note in result.notes)
