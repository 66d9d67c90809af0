"""Super-resolution: made small again, the result is the input."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from nasdip_core.errors import OptionError, PictureError, PluginError
from nasdip_core.options import parse
from nasdip_core.pipeline.restore import Restored
from nasdip_core.plugins import Plugins
from nasdip_core.task import Inputs
from nasdip_core.testing import TaskCase, TaskConformance
from nasdip_tasks.super_resolution.options import (
    SuperResolutionCorruption,
    SuperResolutionOptions,
)
from nasdip_tasks.super_resolution.task import SuperResolution

TASK = SuperResolution(Plugins.discover())
FILTERS = {
    "area": Image.Resampling.BOX,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=draws(seed))


def smaller(large: np.ndarray, size: tuple[int, int], operator: str) -> np.ndarray:
    """Return (H, W, C) samples made small by Pillow, channel by channel, in floats."""
    planes = [
        np.array(
            Image.fromarray(large[..., c].astype(np.float32)).resize(size[::-1], FILTERS[operator])
        )
        for c in range(large.shape[2])
    ]
    return np.stack(planes, axis=-1)


class TestContract(TaskConformance):
    @pytest.fixture(params=[("lanczos", 2), ("bicubic", 4), ("area", 3)], ids=str)
    def case(self, request: pytest.FixtureRequest) -> TaskCase:
        operator, factor = request.param
        return TaskCase(
            task=TASK,
            options=SuperResolutionOptions(factor=factor, operator=operator),
            corruption=SuperResolutionCorruption(factor=factor, operator=operator),
            clean=0.2 + 0.6 * rand(1, 3, 16, 14),
        )


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (3, 2), (7, 9), (13, 11)], ids=str)
@pytest.mark.parametrize("factor", [2, 3, 4, 8])
@pytest.mark.parametrize("operator", FILTERS)
def test_made_small_again_the_result_is_the_input(
    operator: str, factor: int, size: tuple[int, int]
) -> None:
    """Whatever the network says: rounded to 8 bits, within one level by Pillow's own resize."""
    large = (size[0] * factor, size[1] * factor)
    # Of a picture that exists, with contrasts from black to white.
    truth = ((4 * rand(1, 3, *large) - 1.5).clamp(0, 1)).numpy()[0].transpose(1, 2, 0)
    small = np.clip(np.round(smaller(truth * 255, size, operator)), 0, 255).astype(np.uint8)
    picture = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
    problem = TASK.problem(
        Inputs(picture), SuperResolutionOptions(factor=factor, operator=operator), draws()
    )
    samples = problem.render({"restored": rand(1, 3, *large, seed=1)})["restored"].samples
    assert samples.shape == (1, 3, *large)
    written = (samples * 255).round()[0].permute(1, 2, 0).numpy().astype(np.uint8)
    again = smaller(written, size, operator)
    assert np.abs(again - small).max() < 1
    assert (np.abs(np.round(again) - small) <= 1).all()


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_opacity_is_enlarged(factor: int) -> None:
    alpha = torch.zeros(1, 1, 4, 6)
    alpha[..., 3:] = 1
    options = SuperResolutionOptions(factor=factor)
    problem = TASK.problem(Inputs(rand(1, 3, 4, 6), alpha=alpha), options, draws())
    found = problem.render({"restored": rand(1, 3, 4 * factor, 6 * factor)})["restored"].alpha
    assert found is not None
    assert found.shape == (1, 1, 4 * factor, 6 * factor)
    assert found.min() == 0
    assert found.max() == 1
    middle = 3 * factor
    assert (found[..., :middle] <= 0.5).all()
    assert (found[..., middle:] >= 0.5).all()


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_the_truth_is_cropped_to_whole_small_pixels(factor: int) -> None:
    clean = rand(1, 3, 17, 23)
    damaged = TASK.corrupt(clean, SuperResolutionCorruption(factor=factor), draws())
    height, width = 17 // factor, 23 // factor
    assert damaged.picture.shape == (1, 3, height, width)
    assert torch.equal(damaged.truth, clean[..., : height * factor, : width * factor])
    assert damaged.mask is None


@pytest.mark.parametrize("operator", FILTERS)
def test_is_made_small_as_pillow_does(operator: str) -> None:
    clean = rand(1, 3, 12, 20)
    corruption = SuperResolutionCorruption(factor=4, operator=operator)
    small = TASK.corrupt(clean, corruption, draws()).picture[0].permute(1, 2, 0).numpy()
    expected = smaller(clean[0].permute(1, 2, 0).numpy(), (3, 5), operator).clip(0, 1)
    np.testing.assert_allclose(small, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [(3, 9), (9, 3), (1, 1)])
def test_too_small_a_picture(size: tuple[int, int]) -> None:
    shown = f"{size[1]} x {size[0]} is too small for factor 4"
    with pytest.raises(PictureError, match=shown):
        TASK.corrupt(rand(1, 3, *size), SuperResolutionCorruption(factor=4), draws())


def test_factor_and_operator_are_implied() -> None:
    corruption = SuperResolutionCorruption(factor=3, operator="area")
    assert SuperResolutionOptions.implied(corruption) == {"factor": 3, "operator": "area"}


def test_an_unknown_operator() -> None:
    options = SuperResolutionOptions(operator="lanzcos")
    with pytest.raises(PluginError, match="unknown operator 'lanzcos'; did you mean 'lanczos'"):
        TASK.problem(Inputs(rand(1, 3, 4, 4)), options, draws())


def test_an_operator_that_is_no_downsampling() -> None:
    options = SuperResolutionOptions(operator="fourier")
    with pytest.raises(OptionError, match="operator 'fourier' is no downsampling by a factor"):
        TASK.problem(Inputs(rand(1, 3, 4, 4)), options, draws())


@pytest.mark.parametrize("factor", [0, 1, 2.5, 1000])
def test_a_factor_out_of_range(factor: float) -> None:
    with pytest.raises(OptionError, match=r"task\.factor"):
        parse(SuperResolutionOptions, {"factor": factor}, "task")


class TestRestore:
    @pytest.mark.parametrize("operator", FILTERS)
    @pytest.mark.parametrize("factor", [2, 3])
    def test_gives_the_input_when_made_small(
        self, brief: Callable[..., Restored], array: np.ndarray, factor: int, operator: str
    ) -> None:
        restored = brief(
            array, "super-resolution", {"task.factor": factor, "task.operator": operator}
        ).picture
        planes = array.reshape(24, 32, -1)
        colours = 1 if planes.shape[2] < 3 else 3
        assert restored.colour.shape == (24 * factor, 32 * factor, colours)
        again = smaller(restored.colour, (24, 32), operator)
        assert np.abs(again - planes[..., :colours]).max() < 1
        assert (restored.alpha is None) == (planes.shape[2] == colours)
        if restored.alpha is not None:
            assert restored.alpha.shape == (24 * factor, 32 * factor)
            assert (restored.alpha[:, factor * 4 :] == 255).all()
            assert restored.alpha[0, 0] == pytest.approx(180, abs=8)

    @pytest.mark.parametrize("dtype", [np.uint16, np.float32])
    def test_keeps_the_depth(
        self, brief: Callable[..., Restored], waves: np.ndarray, dtype: type[np.generic]
    ) -> None:
        peak = 65535 if dtype is np.uint16 else 1
        deep = (waves / 255 * peak).astype(dtype)
        colour = brief(deep, "super-resolution", {"task.factor": 2}).picture.colour
        assert np.abs(smaller(colour, (24, 32), "lanczos") - deep).max() < peak / 255

    def test_damages_with_what_is_undone(
        self, brief: Callable[..., Restored], waves: np.ndarray
    ) -> None:
        options: dict[str, Any] = {"corrupt.factor": 3, "corrupt.operator": "area"}
        restored = brief(waves[:23], "super-resolution", options)
        assert restored.picture.colour.shape == (21, 30, 3)
        assert restored.quality is not None
        assert restored.quality["self_stopped"]["psnr"] > 5

    def test_one_pixel(self, brief: Callable[..., Restored]) -> None:
        pixel = np.array([[[10, 130, 250]]], np.uint8)
        colour = brief(pixel, "super-resolution").picture.colour
        assert colour.shape == (4, 4, 3)
        assert np.abs(smaller(colour, (1, 1), "lanczos") - pixel).max() < 1
