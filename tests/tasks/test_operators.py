"""The downsampling operators: the contract, then the values."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from nasdip_core.operators import Identity, LinearOperator
from nasdip_core.plugins import Plugins
from nasdip_core.testing import OperatorConformance
from nasdip_core.testing.module import picture

PLUGINS = Plugins.discover()
FILTERS = {
    "area": Image.Resampling.BOX,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
NAMES = list(FILTERS)
SMALL = [(1, 1), (1, 6), (3, 2), (7, 9), (20, 13)]


def make(name: str, size: tuple[int, int], factor: int) -> LinearOperator:
    operator: LinearOperator = PLUGINS.create("operator", name, size, factor)
    return operator


def by_pillow(samples: Tensor, size: tuple[int, int], name: str) -> Tensor:
    resized = Image.fromarray(samples.numpy()).resize(size[::-1], FILTERS[name])
    return torch.from_numpy(np.array(resized))


def test_all_are_tested() -> None:
    own = [r for r in PLUGINS.registrations("operator") if r.distribution == "nasdip"]
    # Those that are no downsampling are tested with the task `operator`.
    assert [r.offer.name for r in own] == sorted([*NAMES, "compressed-sensing", "fourier"])


@pytest.mark.parametrize("factor", [2, 3, 8])
@pytest.mark.parametrize("name", NAMES)
class TestBuiltIns(OperatorConformance):
    @pytest.fixture
    def size(self, factor: int) -> tuple[int, int]:
        return 5 * factor, 3 * factor

    @pytest.fixture
    def operator(self, name: str, size: tuple[int, int], factor: int) -> LinearOperator:
        return make(name, size, factor)


@pytest.mark.parametrize("size", SMALL, ids=str)
@pytest.mark.parametrize("factor", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("name", NAMES)
def test_is_the_resize_of_pillow(name: str, factor: int, size: tuple[int, int]) -> None:
    large = (size[0] * factor, size[1] * factor)
    samples = torch.rand(large, generator=torch.Generator().manual_seed(factor))
    small = make(name, large, factor).forward(samples[None, None])[0, 0]
    torch.testing.assert_close(small, by_pillow(samples, size, name), rtol=0, atol=2e-6)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_area_is_average_pooling(factor: int) -> None:
    x = picture(2, 3, 4 * factor, 5 * factor)
    small = make("area", (4 * factor, 5 * factor), factor).forward(x)
    torch.testing.assert_close(small, F.avg_pool2d(x, factor))


@pytest.mark.parametrize("factor", [2, 3, 8])
@pytest.mark.parametrize("name", NAMES)
def test_constants_stay(name: str, factor: int) -> None:
    size = (6 * factor, 1 * factor)
    small = make(name, size, factor).forward(torch.full((1, 1, *size), 0.7))
    torch.testing.assert_close(small, torch.full((1, 1, 6, 1), 0.7))


@pytest.mark.parametrize("name", NAMES)
def test_height_and_width_are_not_mixed_up(name: str) -> None:
    size = (8, 12)
    x = picture(1, 1, *size)
    small = make(name, size, 2).forward(x)
    turned = make(name, size[::-1], 2).forward(x.mT)
    assert small.shape == (1, 1, 4, 6)
    torch.testing.assert_close(turned.mT, small)


@pytest.mark.parametrize("size", [(9, 8), (8, 9), (1, 1)])
def test_refuses_a_part_of_a_pixel(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no multiple of the factor 2"):
        make("lanczos", size, 2)


class Shaded(Identity):
    """Darkens towards the right, and takes every part for the picture's left."""

    def forward(self, picture: Tensor) -> Tensor:
        return picture * 0.99 ** torch.arange(picture.shape[-1])


class Louder(Identity):
    """Doubles a residual."""

    def balanced(self, residual: Tensor) -> Tensor:
        return 2 * residual


def test_a_broken_one_is_caught() -> None:
    checks = OperatorConformance()
    checks.test_measures_a_part_like_the_whole(Identity())
    with pytest.raises(AssertionError):
        checks.test_measures_a_part_like_the_whole(Shaded())
    checks.test_balances_without_raising_noise(Identity(), (8, 8))
    with pytest.raises(AssertionError):
        checks.test_balances_without_raising_noise(Louder(), (8, 8))
