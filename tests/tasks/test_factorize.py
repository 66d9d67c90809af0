"""Factorization: what is read, what is refused, and what comes out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from nasdip_core.errors import OptionError, PictureError
from nasdip_core.factorization import FactorizationProblem
from nasdip_core.pipeline.api import restore
from nasdip_core.pipeline.restore import Restored
from nasdip_core.plugins import Plugins
from nasdip_core.problem import Step
from nasdip_core.seeds import generator
from nasdip_core.task import Inputs
from nasdip_tasks.factorize.options import FactorizeCorruption, FactorizeOptions
from nasdip_tasks.factorize.task import Factorize

M, N, RANK = 24, 20, 3


def matrix(rank: int = RANK, *, negative: bool = False) -> NDArray[np.float32]:
    """A matrix of a known rank, smooth along both sides."""
    draws = np.random.default_rng(0)
    i, j = np.linspace(0, 3, M)[:, None], np.linspace(0, 3, N)[:, None]
    left = 1.1 + np.sin(i * draws.uniform(1, 3, rank) + draws.uniform(0, 6, rank))
    right = 1.1 + np.sin(j * draws.uniform(1, 3, rank) + draws.uniform(0, 6, rank))
    product = left @ right.T * 7
    return (product - 40 * negative).astype(np.float32)


def problem(picture: torch.Tensor, options: dict[str, Any] | None = None, **given: Any) -> Any:
    """The problem of a picture (1, C, H, W)."""
    task = Factorize(Plugins.discover())
    inputs = Inputs(picture=picture, levels=None, **given)
    return task.problem(inputs, FactorizeOptions(**(options or {})), generator(0, "test"))


def tensor(array: NDArray[np.float32]) -> torch.Tensor:
    """A matrix as (1, 1, m, n) in [0, 1]."""
    return torch.from_numpy(array / array.max())[None, None]


def says(found: FactorizationProblem, rows: float = 0.0, columns: float = 0.0) -> Step:
    """A step whose networks say constants."""
    values = {"rows": rows, "columns": columns}
    outputs = {
        name: torch.full((1, slot.channels, *slot.size), values[name])
        for name, slot in found.slots.items()
    }
    return Step(1, {}, outputs.__getitem__, None, generator(0, "step"))


@pytest.fixture
def run(plugins: Plugins, tiny: dict[str, Any], tmp_path: Path) -> Any:
    """What runs a few steps of the tiny network."""

    def factorize(source: Any, options: dict[str, Any] | None = None, **given: Any) -> Restored:
        return restore(
            source,
            task="factorize",
            arch={"architecture": {**tiny["architecture"], "output": "linear"}},
            device="cpu",
            options={"fit.steps": 4, "fit.report_every": 1, **(options or {})},
            plugins=plugins,
            **{"output": tmp_path / "out", **given},
        )

    return factorize


class TestRun:
    """From a file to factors."""

    @pytest.mark.parametrize("negative", [False, True])
    def test_factors_make_the_result(self, run: Any, tmp_path: Path, negative: bool) -> None:
        """T L is what is written, in the values of the file, and near the matrix."""
        whole = matrix(negative=negative)
        np.save(tmp_path / "m.npy", whole)
        found = run(str(tmp_path / "m.npy"), {"task.rank": 5, "corrupt.missing": 0.2})
        rows, columns, made = (
            np.load(found.folder / f"{name}.npy") for name in ("rows", "columns", "restored")
        )
        damaged = np.load(found.folder / "damaged.npy")
        assert rows.shape == (M, 5)
        assert columns.shape == (5, N)
        np.testing.assert_allclose(
            np.clip(rows @ columns, min(0, damaged.min()), damaged.max()), made, atol=1e-3
        )
        assert np.abs(made - whole).mean() < 0.3 * np.abs(whole).mean()
        assert found.quality is not None
        assert found.result["parts"][0]["held_out"] > 0

    def test_held_out_error_by_entry(self, run: Any) -> None:
        """Row, column, value and error of entries that no loss has seen."""
        whole = matrix()
        found = run(whole, {"task.rank": 4})
        made = found.picture.colour[..., 0]
        assert "held-out" in FactorizeOptions.outputs
        for row, column, value, error in np.load(found.folder / "held-out.npy"):
            place = int(row), int(column)
            assert value == pytest.approx(whole[place], rel=1e-4)
            assert made[place] - value == pytest.approx(error, abs=1e-3) or made[place] in (
                0,
                made.max(),
            )

    def test_damage_is_written_and_can_be_repeated(self, run: Any, tmp_path: Path) -> None:
        """The damaged array and its mask give the same result."""
        first = run(matrix(), {"corrupt.missing": 0.3, "task.rank": 3})
        again = run(
            str(first.folder / "damaged.npy"),
            {"task.rank": 3},
            mask=str(first.folder / "mask.npy"),
            output=tmp_path / "again",
        )
        np.testing.assert_allclose(again.picture.colour, first.picture.colour, rtol=1e-4)

    def test_gaps_of_a_clean_array_stay_unknown(self, run: Any) -> None:
        """They are filled like what the damage has lost, and quality is that of the others."""
        holed = matrix()
        holed[3, 4] = np.nan
        given = {"corrupt.missing": 0.2, "task.rank": 3}
        with pytest.raises(PictureError, match="1 entries are no numbers"):
            run(holed, given)
        found = run(holed, {**given, "task.nan_missing": True}, force=True)
        made = found.picture.colour[..., 0]
        assert np.isfinite(made).all()
        assert np.isnan(np.load(found.folder / "damaged.npy")[3, 4])
        assert found.quality is not None
        error = np.nanmean((made / np.nanmax(holed) - holed / np.nanmax(holed)) ** 2)
        wanted = -10 * np.log10(error)
        assert found.quality["self_stopped"]["psnr"] == pytest.approx(wanted, abs=0.5)

    def test_finished_run_is_taken_again(self, run: Any) -> None:
        """With `resume` the outputs are read back."""
        first = run(matrix(), {"task.rank": 3})
        again = run(matrix(), {"task.rank": 3}, resume=True)
        assert again.result == first.result
        np.testing.assert_array_equal(again.pictures["rows"].colour, first.pictures["rows"].colour)

    def test_cube(self, run: Any) -> None:
        """Rows lie on the grid of pixels, columns on that of bands."""
        cube = np.random.default_rng(0).random((8, 9, 5), dtype=np.float32)
        found = run(cube, {"task.rank": 2})
        assert found.pictures["rows"].colour.shape == (72, 2, 1)
        assert found.pictures["columns"].colour.shape == (2, 5, 1)
        assert found.picture.colour.shape == (8, 9, 5)
        assert found.pictures["rows-shown"].colour.shape[:2] in {(8, 18), (16, 9)}

    def test_folder_of_frames(self, run: Any, tmp_path: Path) -> None:
        """A folder is one stack: a channel a frame."""
        frames = tmp_path / "frames"
        frames.mkdir()
        for i in range(3):
            Image.new("RGB", (10, 8), (40 * i + 20, 60, 90)).save(frames / f"{i}.png")
        assert run(str(frames), {"task.rank": 2}).picture.colour.shape == (8, 10, 3)
        Image.new("RGB", (9, 8)).save(frames / "9.png")
        with pytest.raises(PictureError, match=r"the frame '9.png' is 9 x 8, the first is 10 x 8"):
            run(str(frames), {"task.rank": 2}, force=True)

    def test_light_transport(self, run: Any) -> None:
        """With components that are neighbours a factor is one picture."""
        options = {"task.latent": "line", "task.rank": 12, "task.nonnegative": True}
        found = run(matrix(), options)
        assert found.pictures["rows"].colour.shape == (M, 12, 1)
        assert found.pictures["columns"].colour.min() >= 0


class TestRefusals:
    """What cannot be factorized is said in one line."""

    def test_rank(self, run: Any) -> None:
        """No more components than the smaller side."""
        with pytest.raises(OptionError, match="rank = 21 is above the rank of a matrix of 24 x 20"):
            run(matrix(), {"task.rank": 21})

    def test_gaps_only_if_asked(self, run: Any) -> None:
        """NaN is an error, or a missing entry."""
        holed = matrix()
        holed[3, 4] = np.nan
        with pytest.raises(PictureError, match="1 entries are no numbers") as caught:
            run(holed, {"task.rank": 3})
        assert "task.nan_missing=true" in str(caught.value)
        found = run(holed, {"task.rank": 3, "task.nan_missing": True})
        assert np.isfinite(found.picture.colour).all()

    def test_other_tasks_take_no_gaps(self, plugins: Plugins, tmp_path: Path) -> None:
        """A picture task refuses NaN."""
        holed = matrix()
        holed[0, 0] = np.nan
        np.save(tmp_path / "m.npy", holed)
        with pytest.raises(PictureError, match="not numbers"):
            restore(str(tmp_path / "m.npy"), task="denoise", plugins=plugins)

    def test_a_pixel_of_a_cube_without_entries(self, run: Any) -> None:
        """It is a row, and the message says what to do about it."""
        cube = np.random.default_rng(0).random((8, 9, 5), dtype=np.float32)
        cube[2, 3] = np.nan
        with pytest.raises(PictureError, match=r"row 21 of the matrix.*or take 'inpaint'"):
            run(cube, {"task.nan_missing": True})

    def test_row_without_entries(self, run: Any) -> None:
        """Nothing can be said of it."""
        holed = matrix()
        holed[7] = np.nan
        with pytest.raises(PictureError, match="nothing is known of row 7"):
            run(holed, {"task.nan_missing": True})

    def test_grids(self, run: Any) -> None:
        """A grid has as many places as the side; a cube has its own."""
        with pytest.raises(OptionError, match=r"task\.rows\.0' = -2: .* greater than 0"):
            run(matrix(), {"task.rows": [-2, -12]})
        with pytest.raises(OptionError, match=r"task.rows = \(5, 5\) has 25 places, the matrix 24"):
            run(matrix(), {"task.rows": [5, 5]})
        with pytest.raises(OptionError, match="this is a cube"):
            run(np.ones((4, 4, 4), np.float32), {"task.latent": "line"})
        with pytest.raises(OptionError, match=r"do nothing with task.latent = 'line'"):
            run(matrix(), {"task.rows": [6, 4], "task.latent": "line"})


class TestProblem:
    """The fit that the task states."""

    def test_first_guess_of_a_whole_matrix_is_exact(self) -> None:
        """Networks that say nothing leave the truncated singular values."""
        found = problem(tensor(matrix()), {"rank": 3})
        assert float(found.players[0].loss(says(found))) < 1e-8
        assert float(found.players[0].loss(says(found, 1.0))) > 1e-4

    def test_held_out_entries_reach_no_loss_and_no_guess(self) -> None:
        """What is kept back may be anything."""
        clean = tensor(matrix())
        lost = torch.zeros_like(clean)
        lost[..., ::5, ::3] = 1
        found = problem(clean, {"rank": 3}, mask=lost)
        found.hold_out(0.2, generator(0, "hold"))
        hidden = found.layout.back((found.known & ~found.fitted).float()) > 0
        other = problem(torch.where(hidden, 0.3, clean), {"rank": 3}, mask=lost)
        other.hold_out(0.2, generator(0, "hold"))
        assert torch.equal(found.slots["rows"].guide, other.slots["rows"].guide)
        step, same = says(found, 0.1), says(other, 0.1)
        assert float(found.players[0].loss(step)) == pytest.approx(
            float(other.players[0].loss(same)) * other._scale / found._scale
        )
        assert found.validation(found.estimate(step)) != other.validation(other.estimate(same))

    def test_nonnegative(self) -> None:
        """No entry of either factor is negative."""
        found = problem(tensor(matrix()), {"rank": 3, "nonnegative": True})
        left, right = found.factors(says(found, -0.5, 0.2))
        assert left.min() >= 0
        assert right.min() >= 0

    @pytest.mark.parametrize("scale", ["rows", "columns", "balanced"])
    def test_scale_and_order(self, scale: str) -> None:
        """The strongest component comes first; one factor is 1 at most, unless it is balanced."""
        found = problem(tensor(matrix()), {"rank": 3, "scale": scale})
        outputs = found.render(found.estimate(says(found)))
        left, right = outputs["rows"].samples[0, 0], outputs["columns"].samples[0, 0]
        energy = left.norm(dim=0) * right.norm(dim=1)
        assert bool((energy.diff() <= 1e-6).all())
        tops = {"rows": right.abs().amax(1), "columns": left.abs().amax(0)}
        if scale in tops:
            torch.testing.assert_close(tops[scale], torch.ones(3))
        else:
            torch.testing.assert_close(left.abs().amax(0), right.abs().amax(1))

    def test_corruption_loses_a_share(self) -> None:
        """Single entries of the channels, drawn by the generator."""
        task, truth = Factorize(Plugins.discover()), torch.rand(1, 4, 16, 16)
        damaged = task.corrupt(truth, FactorizeCorruption(missing=0.3), generator(0, "corrupt"))
        assert damaged.mask is not None
        assert damaged.mask.shape == truth.shape
        assert float(damaged.mask.float().mean()) == pytest.approx(0.3, abs=0.05)
        assert torch.equal(damaged.picture, truth.masked_fill(damaged.mask, 0))

    def test_corruption_leaves_every_pixel_an_entry(self) -> None:
        """Else half of the entries of a picture in colour could not be lost."""
        task, truth = Factorize(Plugins.discover()), torch.rand(1, 3, 64, 64)
        damaged = task.corrupt(truth, FactorizeCorruption(missing=0.9), generator(0, "corrupt"))
        assert damaged.mask is not None
        assert not damaged.mask.all(dim=1).any()
        left = (~damaged.mask).sum(dim=(0, 2, 3)) / 64**2
        assert torch.allclose(left, torch.tensor(1 - 0.9 + 0.9**3 / 3), atol=0.03)


def test_where_a_cube_has_gaps_something_stays_known() -> None:
    cube = torch.rand(1, 4, 12, 12, generator=generator(0, "cube"))
    cube[:, 1:, :6] = torch.nan
    task = Factorize(Plugins.discover())
    damaged = task.corrupt(cube, FactorizeCorruption(missing=0.9), generator(0, "damage"))
    assert damaged.mask is not None
    assert bool((~damaged.mask & ~cube.isnan()).any(dim=1).all())


def test_a_single_entry_is_judged_by() -> None:
    found = problem(torch.full((1, 1, 1, 1), 0.5))
    found.hold_out(0.03, generator(0, "hold"))
    assert found.keeps_back
    assert found.validation(found.estimate(says(found))) is not None
    assert found.render(found.estimate(says(found)))["held-out"].samples.shape == (1, 1, 1, 4)
