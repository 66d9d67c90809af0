"""Inpainting: what counts as missing."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from nasdip_core.errors import OptionError, PictureError
from nasdip_core.imaging.array_files import array_picture
from nasdip_core.options import parse
from nasdip_core.pipeline.sources import Sources
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Inputs
from nasdip_tasks.inpaint.options import InpaintCorruption, InpaintOptions
from nasdip_tasks.inpaint.task import Inpaint

TASK = Inpaint(Plugins.discover())


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=draws(seed))


def known(inputs: Inputs, **options: Any) -> Tensor:
    """Return what the problem takes for known, (H, W)."""
    problem = TASK.problem(inputs, parse(InpaintOptions, options, "task"), draws())
    assert isinstance(problem, RestorationProblem)
    return problem.known[0, 0]


def painted(colour: tuple[float, ...], levels: int | None) -> Inputs:
    """Return a picture without the colour but for the pixels (0, 1) and (2, 3)."""
    picture = 0.3 + 0.4 * rand(1, len(colour), 4, 5)
    if levels is not None:
        picture = (picture * levels).round() / levels
    scaled = torch.tensor(colour) / (levels or 1)
    picture[0, :, 0, 1] = picture[0, :, 2, 3] = scaled
    return Inputs(picture, levels=levels)


PAINTED = torch.ones(4, 5, dtype=torch.bool)
PAINTED[0, 1] = PAINTED[2, 3] = False


class TestMask:
    def test_white_is_missing_from_one_half_on(self) -> None:
        mask = torch.tensor([0.0, 127 / 255, 0.5, 128 / 255, 1.0]).view(1, 1, 1, 5)
        found = known(Inputs(rand(1, 3, 1, 5), mask=mask))
        assert found.tolist() == [[True, True, False, False, False]]

    def test_inverted(self) -> None:
        mask = rand(1, 1, 6, 7)
        inputs = Inputs(rand(1, 3, 6, 7), mask=mask)
        assert torch.equal(known(inputs, invert_mask=True), ~known(inputs))

    @pytest.mark.parametrize("pixels", [0, 1, 2, 5])
    def test_grows_to_a_square(self, pixels: int) -> None:
        mask = torch.zeros(1, 1, 15, 17)
        mask[..., 7, 9] = 1
        expected = torch.ones(15, 17, dtype=torch.bool)
        expected[7 - pixels : 8 + pixels, 9 - pixels : 10 + pixels] = False
        found = known(Inputs(rand(1, 1, 15, 17), mask=mask), grow_mask=pixels)
        assert torch.equal(found, expected)

    def test_grows_at_the_border_without_wrapping(self) -> None:
        mask = torch.zeros(1, 1, 6, 6)
        mask[..., 0, 5] = 1
        expected = torch.ones(6, 6, dtype=torch.bool)
        expected[:3, 3:] = False
        assert torch.equal(known(Inputs(rand(1, 1, 6, 6), mask=mask), grow_mask=2), expected)

    def test_grows_after_it_is_inverted(self) -> None:
        mask = torch.ones(1, 1, 7, 7)
        mask[..., 3, 3] = 0
        found = known(Inputs(rand(1, 1, 7, 7), mask=mask), invert_mask=True, grow_mask=1)
        assert int((~found).sum()) == 9

    def test_grows_far_in_no_time(self) -> None:
        mask = torch.zeros(1, 1, 400, 8)
        mask[..., 0, 0] = 1
        found = known(Inputs(rand(1, 1, 400, 8), mask=mask), grow_mask=300)
        assert int((~found).sum()) == 301 * 8

    def test_joins_the_colour(self) -> None:
        inputs = painted((255, 0, 255), 255)
        mask = torch.zeros(1, 1, 4, 5)
        mask[..., 3, 0] = 1
        found = known(
            Inputs(inputs.picture, mask=mask), missing_colour="#ff00ff", invert_mask=False
        )
        expected = PAINTED.clone()
        expected[3, 0] = False
        assert torch.equal(found, expected)

    def test_keeps_the_opacity(self) -> None:
        problem = TASK.problem(
            Inputs(rand(1, 3, 4, 4), alpha=rand(1, 1, 4, 4), mask=(rand(1, 1, 4, 4) > 0.5).float()),
            InpaintOptions(),
            draws(),
        )
        assert problem.render({"restored": rand(1, 3, 4, 4)})["restored"].alpha is None


class TestColour:
    @pytest.mark.parametrize(
        ("written", "samples", "levels"),
        [
            ("#ff00ff", (255, 0, 255), 255),
            ("#FF8001", (255, 128, 1), 255),
            ("255,0,255", (255, 0, 255), 255),
            ("255, 0, 255", (255, 0, 255), 255),
            ([255, 0, 255], (255, 0, 255), 255),
            ("#ff8001", (65535, 128 * 257, 257), 65535),
            ("65535,0,300", (65535, 0, 300), 65535),
            ("#ff8000", (1.0, 128 / 255, 0.0), None),
            ("0.875,0,1", (0.875, 0.0, 1.0), None),
            ("17", (17,), 255),
            (17, (17,), 255),
            ("#111111", (17,), 255),
            ("17,17,17", (17,), 255),
            (4000, (4000,), 65535),
            (0.125, (0.125,), None),
        ],
        ids=str,
    )
    def test_marks_exactly_its_pixels(
        self, written: Any, samples: tuple[float, ...], levels: int | None
    ) -> None:
        assert torch.equal(known(painted(samples, levels), missing_colour=written), PAINTED)

    @pytest.mark.parametrize("levels", [255, 65535])
    def test_one_level_off_is_another_colour(self, levels: int) -> None:
        inputs = painted((7, 8, 9), levels)
        with pytest.raises(PictureError, match="nothing is marked"):
            known(inputs, missing_colour="7,8,10")

    def test_all_channels_have_to_agree(self) -> None:
        inputs = painted((255, 0, 255), 255)
        inputs.picture[0, :, 3, 3] = torch.tensor([1.0, 0.5, 1.0])
        assert torch.equal(known(inputs, missing_colour="#ff00ff"), PAINTED)

    @pytest.mark.parametrize(
        ("written", "channels", "message"),
        [
            ("17", 3, "1 samples, the picture 3 channels"),
            ("1,2,3,4", 3, "4 samples, the picture 3 channels"),
            ("#ff00ff", 1, "3 samples, the picture 1 channels"),
            ("#ff00ff", 4, "3 samples, the picture 4 channels"),
            ("300,0,0", 3, "is '300,0,0', the samples of the picture go from 0 to 255"),
        ],
    )
    def test_has_to_suit_the_picture(self, written: str, channels: int, message: str) -> None:
        with pytest.raises(OptionError, match=message):
            known(Inputs(rand(1, channels, 4, 4)), missing_colour=written)

    def test_of_a_float_picture_ends_at_1(self) -> None:
        with pytest.raises(
            OptionError, match="'255,0,255', the samples of the picture go from 0 to 1"
        ):
            known(Inputs(rand(1, 3, 4, 4), levels=None), missing_colour="255,0,255")

    def test_of_floats_is_in_their_own_samples(self) -> None:
        samples = np.random.default_rng(0).uniform(-1, 3, (8, 8, 1)).astype(np.float32)
        samples[0, 0], samples[0, 1], samples[2:4, 5] = -1.0, 3.0, -0.25
        inputs = Sources(array_picture(samples), None, None, None).inputs()
        for written in ("-0.25", "-2.5e-1", -0.25):
            marked = known(inputs, missing_colour=written)
            assert (~marked).nonzero().tolist() == [[2, 5], [3, 5]]
        white = known(inputs, missing_colour="#ffffff")
        assert (~white).nonzero().tolist() == [[0, 1]]
        with pytest.raises(OptionError, match="go from -1 to 3"):
            known(inputs, missing_colour="-1.1")

    @pytest.mark.parametrize("written", ["pink", "#ff00f", "255;0;255", "--1,0,0", "", True])
    def test_has_to_be_a_colour(self, written: Any) -> None:
        with pytest.raises(OptionError, match=r"task\.missing_colour"):
            parse(InpaintOptions, {"missing_colour": written}, "task")


class TestTransparency:
    def test_marks_what_is_missing_and_gives_way(self) -> None:
        alpha = torch.tensor([0.0, 0.3, 127 / 255, 128 / 255, 1.0]).view(1, 1, 1, 5)
        inputs = Inputs(rand(1, 3, 1, 5), alpha=alpha)
        assert known(inputs).tolist() == [[False, False, False, True, True]]
        problem = TASK.problem(inputs, InpaintOptions(), draws())
        opacity = problem.render({"restored": rand(1, 3, 1, 5)})["restored"].alpha
        assert opacity is not None
        assert torch.equal(opacity, torch.ones(1, 1, 1, 5))

    def test_multiplied_colour_is_missing_wherever_it_is_not_opaque(self) -> None:
        alpha = torch.tensor([0.6, 1.0]).view(1, 1, 1, 2)
        inputs = Inputs(rand(1, 3, 1, 2), alpha=alpha, premultiplied=True)
        assert known(inputs).tolist() == [[False, True]]
        with pytest.raises(PictureError, match="nothing says"):
            known(Inputs(rand(1, 3, 1, 2), alpha=alpha))

    def test_a_mask_comes_first(self) -> None:
        alpha, mask = torch.zeros(1, 1, 1, 4), torch.zeros(1, 1, 1, 4)
        mask[..., 2] = 1
        found = known(Inputs(rand(1, 3, 1, 4), alpha=alpha, mask=mask))
        assert found.tolist() == [[True, True, False, True]]


class TestErrors:
    def test_nothing_says_what_is_missing(self) -> None:
        for alpha in (None, torch.ones(1, 1, 4, 4)):
            with pytest.raises(PictureError, match=r"nothing says what is missing; give --mask"):
                known(Inputs(rand(1, 3, 4, 4), alpha=alpha))

    @pytest.mark.parametrize(("value", "marks"), [(0.0, "nothing"), (1.0, "every pixel")])
    def test_a_mask_without_a_difference(self, value: float, marks: str) -> None:
        mask = torch.full((1, 1, 4, 4), value)
        with pytest.raises(PictureError, match=rf"{marks} is marked.*task\.invert_mask=true"):
            known(Inputs(rand(1, 3, 4, 4), mask=mask))

    def test_grown_over_everything(self) -> None:
        mask = torch.zeros(1, 1, 4, 4)
        mask[..., 1, 1] = 1
        with pytest.raises(PictureError, match="every pixel is marked"):
            known(Inputs(rand(1, 3, 4, 4), mask=mask), grow_mask=1000)

    def test_all_transparent(self) -> None:
        with pytest.raises(PictureError, match=r"every pixel is marked.*transparent"):
            known(Inputs(rand(1, 3, 4, 4), alpha=torch.zeros(1, 1, 4, 4)))

    def test_a_colour_that_is_not_there(self) -> None:
        with pytest.raises(PictureError, match=r"nothing is marked.*missing_colour = '#00ff00'"):
            known(painted((255, 0, 255), 255), missing_colour="#00ff00")

    def test_a_damage_makes_its_own_mask(self) -> None:
        with pytest.raises(OptionError, match="which makes the mask; leave it out"):
            InpaintOptions.from_damage(InpaintCorruption(), {"invert_mask": True})
        mask = torch.ones(1, 1, 4, 4)
        with pytest.raises(PictureError) as caught:
            known(Inputs(rand(1, 3, 4, 4), mask=mask, damaged=True))
        assert str(caught.value) == "every pixel is marked as missing"
        mask[..., 0, 0] = 0
        inputs = Inputs(rand(1, 3, 4, 4), mask=mask, damaged=True)
        assert TASK.problem(inputs, InpaintOptions(), draws()).notes == []

    def test_no_mask_to_invert(self) -> None:
        with pytest.raises(OptionError, match=r"task\.invert_mask without a mask"):
            known(painted((255, 0, 255), 255), missing_colour="#ff00ff", invert_mask=True)
