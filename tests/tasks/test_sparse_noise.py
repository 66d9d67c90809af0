"""Outliers at unknown places: what the fit takes for one."""

import numpy as np
import torch
from torch import Tensor

from nasdip_core.pipeline.api import restore
from nasdip_core.problem import Step
from nasdip_core.tiles import Tile
from nasdip_tasks.denoise.sparse import SparseProblem


def step_of(picture: Tensor, index: int) -> Step:
    return Step(index, {}, {"picture": picture}.__getitem__, None, torch.Generator())


def descended(problem: SparseProblem, picture: Tensor, steps: int) -> float:
    loss = problem.players[0].loss
    for index in range(1, steps + 1):
        last = float(loss(step_of(picture, index)))
    return last


def test_what_is_off_becomes_an_outlier() -> None:
    """Both ways, as large as it is, and nothing else does."""
    truth = torch.full((1, 1, 6, 6), 0.5)
    measured = truth.clone()
    measured[..., 1, 1], measured[..., 4, 4] = 1.0, 0.1
    problem = SparseProblem(measured, truth=None, levels=255)
    first = descended(problem, truth, 1)
    assert descended(problem, truth, 2000) < 1e-4 * first
    assert torch.allclose(problem.outliers, measured - truth, atol=5e-3)


def test_what_is_kept_back_becomes_none() -> None:
    measured = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    problem = SparseProblem(measured, truth=None, levels=255)
    problem.hold_out(0.3, torch.Generator().manual_seed(1))
    assert problem.kept_back is not None
    descended(problem, 1 - measured, 300)
    hidden = problem.outliers[problem.kept_back.expand_as(measured)]
    assert float(hidden.abs().max()) == 0
    assert float(problem.outliers.abs().max()) > 0.1


def test_each_fit_begins_anew_and_no_filter_is_asked(waves: np.ndarray) -> None:
    """A filter would take the outliers for the picture."""
    words = {"corrupt.noise": "outliers", "recipe.fits": 2, "fit.steps": 4, "fit.stopping": "fixed"}
    done = restore(waves, "denoise", arch="balanced-denoise", options=words)
    assert [part["name"] for part in done.result["parts"]] == ["fit"]
    assert len(done.result["fits"]) == 2
    assert any("no filter" in note for note in done.notes)
    problem = SparseProblem(torch.rand(1, 1, 8, 8), truth=None, levels=255)
    first = descended(problem, torch.zeros(1, 1, 8, 8), 20)
    assert descended(problem, torch.zeros(1, 1, 8, 8), 20) == first


def test_a_tile_begins_anew() -> None:
    problem = SparseProblem(torch.rand(1, 1, 16, 16), truth=torch.rand(1, 1, 16, 16), levels=255)
    descended(problem, torch.rand(1, 1, 16, 16), 50)
    tile = problem.tile(Tile("t", 4, 8, 8, 8))
    assert isinstance(tile, SparseProblem)
    assert torch.equal(tile.measured, problem.measured[..., 4:12, 8:16])
    assert float(tile.outliers.abs().max()) == 0


def test_it_beats_what_takes_outliers_for_noise(waves: np.ndarray) -> None:
    picture = np.tile(waves, (2, 1, 1))
    quality = {}
    for noise in ("outliers", "gaussian"):
        words = {
            "corrupt.noise": "outliers",
            "corrupt.amount": 0.1,
            "task.noise": noise,
            "recipe.refine": [],
            "recipe.fits": 1,
            "fit.steps": 250,
            "fit.stopping": "fixed",
        }
        done = restore(picture, "denoise", arch="fast-denoise", options=words)
        assert done.quality is not None
        quality[noise] = done.quality["self_stopped"]["psnr"]
    assert quality["outliers"] > quality["gaussian"] + 3
