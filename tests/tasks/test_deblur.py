"""Deblurring: kernels are what they say, no border is assumed, and the loss is 1 at the noise."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from nasdip_core.errors import OptionError, PictureError
from nasdip_core.imaging.metrics import psnr
from nasdip_core.imaging.read import read_picture
from nasdip_core.operators import LinearOperator
from nasdip_core.options import parse
from nasdip_core.pipeline.api import restore
from nasdip_core.pipeline.prepare import prepare
from nasdip_core.pipeline.request import RestoreRequest, resolve
from nasdip_core.pipeline.restore import Restored
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Problem, Step
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Inputs
from nasdip_core.testing import OperatorConformance, TaskCase, TaskConformance
from nasdip_core.tiles import Tile
from nasdip_tasks.deblur import kernels
from nasdip_tasks.deblur.blind import BlindProblem, KernelNetwork
from nasdip_tasks.deblur.options import DeblurCorruption, DeblurOptions
from nasdip_tasks.deblur.task import Deblur
from nasdip_tasks.operators.blur import Blur, blurred

TASK = Deblur(Plugins.discover())
NARROW = {"kernel": "gaussian", "width": 0.5}


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def smooth() -> Tensor:
    """Return a picture whose border of two pixels repeats the pixel within."""
    y, x = torch.meshgrid(torch.linspace(0, 1, 16), torch.linspace(0, 1, 16), indexing="ij")
    inner = torch.stack([0.3 + 0.4 * x, 0.3 + 0.4 * y, 0.7 - 0.2 * (x + y)])[None]
    return F.pad(inner, (2, 2, 2, 2), mode="replicate")


class TestBlur(OperatorConformance):
    @pytest.fixture
    def size(self) -> tuple[int, int]:
        return (11, 14)

    @pytest.fixture
    def operator(self) -> LinearOperator:
        return Blur(rand(3, 5, seed=9) / 7)

    def test_balanced_raises_a_wave_by_what_the_blur_leaves_of_it(self) -> None:
        """(1, 2, 1) / 4 leaves cos^2(pi f) of a wave: w^2 = 1 / (cos^4(pi f) + 0.03)."""
        left = torch.cos(torch.pi * torch.arange(7) / 7) ** 2
        gain = (left.square() + 0.03).rsqrt()
        gain = gain / gain.square().mean().sqrt()
        blur = Blur(torch.tensor([[0.25, 0.5, 0.25]]))
        for f in range(4):
            wave = torch.cos(2 * torch.pi * f * torch.arange(7) / 7).expand(1, 3, 4, 7)
            torch.testing.assert_close(blur.balanced(wave), gain[f] * wave)


class TestKnown(TaskConformance):
    @pytest.fixture
    def case(self) -> TaskCase:
        return TaskCase(
            task=TASK,
            options=DeblurOptions(sigma=10.0, **NARROW),
            corruption=DeblurCorruption(sigma=10.0, **NARROW),
            clean=smooth(),
            loss=(0.8, 1.2),
        )

    def outputs(self, problem: Problem, picture: Tensor) -> Mapping[str, Tensor]:
        return {"picture": F.pad(picture, (2, 2, 2, 2), mode="replicate")}


class TestUnknown(TaskConformance):
    @pytest.fixture
    def case(self) -> TaskCase:
        return TaskCase(
            task=TASK,
            options=DeblurOptions(sigma=10.0, side=5),
            corruption=DeblurCorruption(sigma=10.0, **NARROW),
            clean=smooth(),
            loss=(0.8, 1.2),
        )

    def outputs(self, problem: Problem, picture: Tensor) -> Mapping[str, Tensor]:
        return {
            "picture": F.pad(picture, (2, 2, 2, 2), mode="replicate"),
            "kernel": kernels.gaussian(0.5)[None, None],
        }


def test_blur_is_the_convolution_of_pytorch() -> None:
    x, kernel = rand(2, 3, 9, 12), rand(3, 5, seed=1)
    weight = kernel.flip(0, 1)[None, None].expand(3, 1, 3, 5)
    torch.testing.assert_close(blurred(x, kernel), F.conv2d(x, weight, groups=3))


@pytest.mark.parametrize("width", [0.3, 1.6, 4.0])
def test_a_gaussian_has_its_width(width: float) -> None:
    kernel = kernels.gaussian(width)
    place = torch.arange(len(kernel)) - len(kernel) // 2
    assert float(kernel.sum()) == pytest.approx(1)
    assert torch.equal(kernel, kernel.flip(0, 1))
    if width > 1:
        spread = float((kernel.sum(dim=0) * place**2).sum()) ** 0.5
        assert spread == pytest.approx(width, rel=0.02)


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, -135.0])
def test_a_motion_has_its_length_and_direction(angle: float) -> None:
    kernel = kernels.motion(15.0, angle)
    assert kernel.shape == (17, 17)
    assert float(kernel.sum()) == pytest.approx(1)
    rows, columns = kernel.nonzero(as_tuple=True)
    weights = kernel[rows, columns]
    up, across = 8.0 - rows, columns - 8.0
    radians = torch.deg2rad(torch.tensor(angle))
    along = across * radians.cos() + up * radians.sin()
    beside = across * radians.sin() - up * radians.cos()
    assert float((weights * along.square()).sum()) == pytest.approx(14**2 / 12, rel=0.05)
    assert float((weights * beside.square()).sum()) < 0.3
    assert float((weights * along).sum()) == pytest.approx(0, abs=1e-3)


class TestFile:
    def test_every_form_gives_the_same_kernel(self, tmp_path: Path) -> None:
        stored = np.array([[0, 60], [120, 240]], np.uint8)
        Image.fromarray(stored).save(tmp_path / "k.png")
        np.save(tmp_path / "k.npy", stored)
        np.savez(tmp_path / "k.npz", one=stored, two=stored[:1])
        expected = torch.zeros(3, 3)
        expected[:2, :2] = torch.from_numpy(stored / 420).float()
        for name in ("k.png", "k.npy", "k.npz#one"):
            torch.testing.assert_close(kernels.from_file(str(tmp_path / name)), expected)

    @pytest.mark.parametrize(
        ("samples", "said"),
        [
            (np.zeros((3, 3)), "not all zero"),
            (np.full((3, 3), np.nan), "finite"),
            (-np.eye(3), "non-negative"),
            (np.ones(3), r"shape \(3,\)"),
            (np.ones((300, 3)), "255 at most"),
            (np.eye(3) + 1j * np.eye(3), "complex128 is no kernel"),
            (np.zeros((3, 3), [("a", float)]), "is no kernel"),
        ],
    )
    def test_no_kernel(self, samples: np.ndarray, said: str, tmp_path: Path) -> None:
        np.save(tmp_path / "k.npy", samples)
        with pytest.raises(PictureError, match=said):
            kernels.from_file(str(tmp_path / "k.npy"))

    def test_a_picture_of_floats_is_read_as_stored(self, tmp_path: Path) -> None:
        stored = np.diag([-1.0, 2.0, 3.0]).astype(np.float32)
        Image.fromarray(stored).save(tmp_path / "k.tif")
        with pytest.raises(PictureError, match="non-negative"):
            kernels.from_file(str(tmp_path / "k.tif"))
        Image.fromarray(np.abs(stored)).save(tmp_path / "k.tif")
        expected = torch.from_numpy(np.abs(stored) / 6)
        torch.testing.assert_close(kernels.from_file(str(tmp_path / "k.tif")), expected)

    def test_no_file_and_no_name(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "k.npz", one=np.ones((3, 3)))
        with pytest.raises(PictureError, match=r"no kernel ''.*one"):
            kernels.from_file(str(tmp_path / "k.npz"))
        with pytest.raises(PictureError, match=r"cannot read the kernel 'none\.npy'"):
            kernels.from_file(str(tmp_path / "none.npy"))

    @pytest.mark.parametrize("name", ["k.npy", "k.npz#one"])
    @pytest.mark.parametrize("kept", [0, 100])
    def test_a_damaged_file(self, name: str, kept: int, tmp_path: Path) -> None:
        file = tmp_path / name.partition("#")[0]
        with file.open("wb") as whole:
            (np.save if name == "k.npy" else np.savez)(whole, np.ones((3, 3)))
        file.write_bytes(file.read_bytes()[:kept])
        with pytest.raises(PictureError, match=r"cannot read the kernel 'k\.np"):
            kernels.from_file(str(tmp_path / name))

    def test_is_looked_for_beside_the_pipeline(self) -> None:
        base = Path("folder").absolute()
        assert DeblurOptions(kernel="k.npy").located(base).kernel == str(base / "k.npy")
        assert DeblurCorruption(kernel="k.npy").located(base).kernel == str(base / "k.npy")
        assert DeblurOptions().located(base).kernel == "unknown"


def test_a_picture_smaller_than_the_kernel() -> None:
    with pytest.raises(PictureError, match="8 x 20 is too small for a kernel of 13 x 13"):
        TASK.corrupt(rand(1, 3, 20, 8), DeblurCorruption(), torch.Generator())


def test_an_even_side() -> None:
    with pytest.raises(OptionError, match=r"task\.side' = 4: it must be odd"):
        parse(DeblurOptions, {"side": 4}, "task")


def test_the_kernel_is_implied() -> None:
    implied = DeblurOptions.implied(DeblurCorruption(kernel="motion", length=7, angle=20))
    assert DeblurOptions.model_validate(implied).kernel == "motion"
    assert implied["length"] == 7
    assert "sigma" not in implied


def test_a_known_kernel_beside_the_result_is_in_nobodys_way(tmp_path: Path) -> None:
    kernel = tmp_path / "kernel.png"
    Image.fromarray(np.full((3, 3), 28, np.uint8)).save(kernel)
    arch = {
        "architecture": {
            "levels": 2,
            "input": {"channels": 4},
            "encoder": {"widths": 4},
            "decoder": {"widths": 4},
        }
    }
    options = {"task.kernel": str(kernel), "fit.steps": 1}
    picture = np.full((24, 24), 90, np.uint8)
    found = restore(picture, "deblur", arch=arch, options=options, output=tmp_path)
    assert set(found.result["outputs"]) == {"restored"}


def test_a_tile_is_a_part_of_the_same_problem() -> None:
    clean = rand(1, 3, 40, 48)
    damage = DeblurCorruption(kernel="gaussian", width=1.0, sigma=0)
    damaged = TASK.corrupt(clean, damage, torch.Generator())
    options = DeblurOptions(kernel="gaussian", width=1.0)
    problem = TASK.problem(Inputs(damaged.picture, truth=damaged.truth), options, torch.Generator())
    assert isinstance(problem, RestorationProblem)
    assert problem.size == (40, 48)
    part = Tile("part", 8, 10, 24, 30)
    tile = problem.tile(part)
    estimate = {"restored": part.cut(clean)}
    assert tile.result_size == (18, 24)
    torch.testing.assert_close(tile.predicted(estimate), tile.measured, rtol=0, atol=1e-5)
    assert tile.measures(estimate)["psnr"] > 55


def blind(measured: Tensor, side: int, sigma: float) -> BlindProblem:
    draws = torch.Generator()
    return BlindProblem(measured, side, sigma, draws=draws, truth=None, levels=None)


class TestBlind:
    def test_the_input_of_the_kernel_follows_the_seed(self, plugins: Plugins) -> None:
        def drawn(seed: int) -> Tensor:
            given = {"picture": "sample:camera", "seed": seed}
            resolved = resolve("deblur", parse(RestoreRequest, given, ""), plugins, Path())
            noise = prepare(resolved, plugins).problem.slots["kernel"].input
            assert noise is not None
            return noise

        assert torch.equal(drawn(0), drawn(0))
        assert not torch.equal(drawn(0), drawn(1))

    def test_the_kernel_network_gives_a_kernel(self) -> None:
        torch.manual_seed(0)
        kernel = KernelNetwork(7)(torch.rand(1, 200, 1, 1)).detach()
        assert kernel.shape == (1, 1, 7, 7)
        assert float(kernel.sum()) == pytest.approx(1)
        assert float(kernel.min()) >= 0

    def test_of_two_shifted_pairs_the_centred_one_is_meant(self) -> None:
        def loss(rows: int) -> float:
            kernel = torch.zeros(1, 1, 7, 7)
            kernel[..., 3 + rows, 3] = 1
            whole = rand(1, 3, 26, 26)
            problem = blind(whole[..., 3:23, 3:23], 7, 0.05)
            pair = {"picture": whole.roll(-rows, 2), "kernel": kernel}
            return float(problem._loss(_step(pair)))

        assert loss(0) == pytest.approx(0, abs=1e-6)
        assert loss(0) < loss(1) < loss(2)

    def test_has_no_tiles(self) -> None:
        problem = blind(rand(1, 3, 20, 20), 5, 0.1)
        with pytest.raises(OptionError, match=r"in tiles; give task\.kernel"):
            problem.tile(Tile("part", 0, 0, 10, 10))


def _step(outputs: Mapping[str, Tensor]) -> Step:
    return Step(1, {}, outputs.__getitem__, None, torch.Generator())


class TestRestore:
    def test_keeps_size_and_depth(self, brief: Callable[..., Restored], array: np.ndarray) -> None:
        colour = brief(array, "deblur", {"task.kernel": "gaussian"}).picture.colour
        assert colour.shape[:2] == array.shape[:2]

    def test_an_unknown_kernel_is_shown(
        self, waves: np.ndarray, tiny: dict[str, Any], plugins: Plugins
    ) -> None:
        options = {"task.side": 5, "fit.steps": 3, "recipe.fits": 1}
        restored = restore(waves, "deblur", arch=tiny, options=options, plugins=plugins)
        assert list(restored.pictures) == ["restored", "kernel"] == list(DeblurOptions.outputs)
        assert restored.pictures["kernel"].colour.shape == (40, 40, 1)
        assert restored.picture.colour.shape == waves.shape


@pytest.mark.parametrize("name", ["richardson-lucy", "total-variation-inverse"])
def test_baselines_sharpen(name: str, plugins: Plugins) -> None:
    clean = read_picture("sample:astronaut").tensor()[..., 40:120, 80:160]
    damage = DeblurCorruption(width=1.6)
    damaged = TASK.corrupt(clean, damage, torch.Generator().manual_seed(0))
    options = DeblurOptions(kernel="gaussian", width=1.6, sigma=2.55)
    problem = TASK.problem(Inputs(damaged.picture), options, torch.Generator())
    assert isinstance(problem, RestorationProblem)
    restored = plugins.create("baseline", name).restore(problem).clamp(0, 1)
    assert psnr(restored, damaged.truth) > psnr(damaged.picture, damaged.truth) + 1.5
