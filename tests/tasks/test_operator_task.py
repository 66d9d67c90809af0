"""Any operator: plugins, files, deepinv; wrong adjoints are refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from nasdip_core.errors import OptionError, PictureError
from nasdip_core.imaging.metrics import psnr
from nasdip_core.imaging.read import read_picture
from nasdip_core.operators import LinearOperator
from nasdip_core.pipeline.restore import Restored
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem
from nasdip_core.task import Inputs
from nasdip_core.testing import OperatorConformance, TaskCase, TaskConformance
from nasdip_tasks.operator.options import OperatorCorruption, OperatorOptions
from nasdip_tasks.operator.task import AnyOperator
from nasdip_tasks.operators.compressed_sensing import CompressedSensing
from nasdip_tasks.operators.fourier import Fourier

TASK = AnyOperator(Plugins.discover())
KINDS = {
    "compressed-sensing": {"ratio": 0.5},
    "fourier": {"ratio": 0.5},
    "area": {"factor": 2},
}


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


class TestContract(TaskConformance):
    @pytest.fixture(params=[("compressed-sensing", 0.0), ("fourier", 0.05), ("area", 0.0)], ids=str)
    def case(self, request: pytest.FixtureRequest) -> TaskCase:
        name, sigma = request.param
        words = {"operator": name, "with": KINDS[name], "sigma": sigma}
        y, x = torch.meshgrid(torch.linspace(0, 1, 16), torch.linspace(0, 1, 16), indexing="ij")
        return TaskCase(
            task=TASK,
            options=OperatorOptions.model_validate(words),
            corruption=OperatorCorruption.model_validate(words),
            clean=torch.stack([0.3 + 0.4 * x, 0.3 + 0.4 * y, 0.7 - 0.2 * (x + y)])[None],
            loss=(0.75, 1.25) if sigma else (0.0, 1e-6),
        )


@pytest.mark.parametrize("size", [(8, 12), (9, 7), (1, 1)], ids=str)
class TestCompressedSensing(OperatorConformance):
    @pytest.fixture
    def operator(self, size: tuple[int, int]) -> LinearOperator:
        return CompressedSensing(size, ratio=0.4, seed=3)

    def test_its_rows_are_orthonormal(
        self, operator: LinearOperator, size: tuple[int, int]
    ) -> None:
        measured = operator.forward(rand(2, 3, *size))
        torch.testing.assert_close(operator.forward(operator.adjoint(measured)), measured)
        assert measured.shape == (2, 3, 1, max(1, round(0.4 * size[0] * size[1])))


@pytest.mark.parametrize("size", [(8, 12), (9, 7), (1, 1), (16, 5)], ids=str)
class TestFourier(OperatorConformance):
    @pytest.fixture
    def operator(self, size: tuple[int, int]) -> LinearOperator:
        return Fourier(size, ratio=0.5, centre=0.2, seed=1)

    def test_the_mean_is_measured_and_never_kept_back(
        self, operator: LinearOperator, size: tuple[int, int]
    ) -> None:
        flat = torch.full((1, 1, *size), 0.5)
        torch.testing.assert_close(
            operator.project(torch.zeros(1, 1, *size), operator.forward(flat)), flat
        )
        assert operator.indispensable is not None
        assert operator.forward(flat)[~operator.indispensable].abs().sum() < 1e-4


def test_nothing_that_is_fitted_tells_a_frequency_that_is_kept_back() -> None:
    """The mirror of a row has the conjugate values, so that a unit there comes back in both."""
    operator = Fourier((24, 6), ratio=0.5, centre=0.2, seed=0)
    units = torch.eye(12 * 12).view(-1, 1, 12, 12)
    back = operator.forward(operator.adjoint(units)).flatten(1)
    assert operator.indispensable is not None
    free = ~operator.indispensable.flatten()
    assert 0 < free.sum() < len(free) / 2
    assert (back - back.diag().diag())[free].abs().max() < 1e-6
    whole = Fourier((24, 6), ratio=1, centre=0.2, seed=0)
    assert whole.indispensable is not None
    assert not whole.indispensable.all()


def test_no_two_seeds_measure_alike() -> None:
    x = rand(1, 1, 12, 12)
    one, other = (CompressedSensing((12, 12), ratio=0.5, seed=seed).forward(x) for seed in (0, 1))
    assert not torch.allclose(one, other)


class TestMeasurements:
    def problem(self, path: Path, stored: np.ndarray) -> RestorationProblem:
        np.save(path, stored)
        options = OperatorOptions.model_validate(
            {"with": {"ratio": 0.5}, "measurements": str(path)}
        )
        problem = TASK.problem(Inputs(rand(1, 1, 8, 8)), options, torch.Generator())
        assert isinstance(problem, RestorationProblem)
        return problem

    def test_are_read(self, tmp_path: Path) -> None:
        stored = rand(1, 1, 1, 32).numpy().astype(np.float64)
        problem = self.problem(tmp_path / "y.npy", stored)
        assert torch.equal(problem.measured, torch.from_numpy(stored).float())

    @pytest.mark.parametrize(
        ("stored", "said"),
        [
            (np.zeros((1, 1, 1, 31)), r"\(1, 1, 1, 31\), operator .* gives \(1, 1, 1, 32\)"),
            (np.zeros(32), "four axes"),
            (np.zeros((1, 1, 1, 32), complex), "real array"),
            (np.full((1, 1, 1, 32), np.nan), "no numbers"),
        ],
    )
    def test_that_do_not_fit(self, stored: np.ndarray, said: str, tmp_path: Path) -> None:
        with pytest.raises(PictureError, match=said):
            self.problem(tmp_path / "y.npy", stored)

    def test_of_a_form_that_has_another_range(self, tmp_path: Path) -> None:
        np.save(tmp_path / "y.npy", np.zeros((1, 1, 1, 32)))
        options = {"with": {"ratio": 0.5}, "measurements": str(tmp_path / "y.npy")}
        inputs = Inputs(rand(1, 1, 8, 8), levels=None, zero=0.25, span=4.0)
        with pytest.raises(PictureError, match=r"go from -1 to 3, and .* of samples in \[0, 1\]"):
            TASK.problem(inputs, OperatorOptions.model_validate(options), torch.Generator())

    def test_a_damaged_file(self, tmp_path: Path) -> None:
        options = OperatorOptions(measurements=str(tmp_path / "y.npy"))
        for content in (b"", b"PK\x03\x04"):
            (tmp_path / "y.npy").write_bytes(content)
            with pytest.raises(PictureError, match="cannot read the measurements"):
                TASK.problem(Inputs(rand(1, 1, 8, 8)), options, torch.Generator())

    def test_no_file(self) -> None:
        options = OperatorOptions(measurements="none.npy")
        with pytest.raises(PictureError, match=r"cannot read the measurements 'none\.npy'"):
            TASK.problem(Inputs(rand(1, 1, 8, 8)), options, torch.Generator())


def test_options_of_an_operator_are_checked() -> None:
    damage = OperatorCorruption.model_validate({"with": {"rato": 0.5}})
    with pytest.raises(OptionError, match=r"unknown option 'corrupt\.with\.rato'"):
        TASK.corrupt(rand(1, 1, 8, 8), damage, torch.Generator())
    damage = OperatorCorruption.model_validate({"operator": "area", "with": {"factor": 3}})
    with pytest.raises(OptionError, match="operator 'area' cannot be made: a side of 8"):
        TASK.corrupt(rand(1, 1, 8, 8), damage, torch.Generator())


@pytest.mark.parametrize("name", ["lanczos", "bicubic", "area"])
def test_a_factor_is_one_at_least(name: str) -> None:
    for given, said in (({"factor": 0}, "greater than or equal to 1"), ({}, "is required")):
        damage = OperatorCorruption.model_validate({"operator": name, "with": given})
        with pytest.raises(OptionError, match=rf"corrupt\.with\.factor' .*{said}"):
            TASK.corrupt(rand(1, 1, 8, 8), damage, torch.Generator())


def test_files_are_looked_for_beside_the_pipeline() -> None:
    base = Path("folder").absolute()
    options = OperatorOptions(operator="a.py", measurements="y.npy").located(base)
    assert options.operator == str(base / "a.py")
    assert options.measurements == str(base / "y.npy")
    assert OperatorOptions().located(base) == OperatorOptions()


@pytest.mark.parametrize("name", ["fourier", "compressed-sensing"])
def test_the_result_agrees_with_exact_measurements(
    brief: Callable[..., Restored], waves: np.ndarray, name: str
) -> None:
    options = {"corrupt.operator": name, "recipe.fits": 1}
    restored = brief(waves, "operator", options)
    assert restored.picture.colour.shape == waves.shape
    damage, measured = OperatorCorruption(operator=name), []
    for samples in (restored.picture.colour, waves):
        picture = torch.from_numpy(samples / np.float32(255)).movedim(-1, 0)[None]
        measured.append(TASK.corrupt(picture, damage, torch.Generator()).measured)
    # A row of A has length 1: a measurement is off by what a rounded pixel is, a level / sqrt 12,
    # on the average, and by some five times as much in the worst of them.
    assert float((measured[0] - measured[1]).abs().max()) < 2 / 255


def test_the_baseline_fills_frequencies(plugins: Plugins) -> None:
    clean = read_picture("sample:astronaut").tensor()[..., 40:120, 60:140]
    damage = OperatorCorruption(operator="fourier")
    damaged = TASK.corrupt(clean, damage, torch.Generator())
    options = OperatorOptions(operator="fourier")
    inputs = Inputs(damaged.picture, measured=damaged.measured)
    problem = TASK.problem(inputs, options, torch.Generator())
    baseline = plugins.create("baseline", "total-variation-inverse")
    assert psnr(baseline.restore(problem), clean) > psnr(damaged.picture, clean) + 1.5
