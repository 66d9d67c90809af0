"""Posterior averaging: mean and deviation of what is drawn, and weights that are disturbed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from toys import TINY, Target

from nasdip_core.architecture.specification import Architecture
from nasdip_core.errors import OptionError
from nasdip_core.fit.averaging import OutputAverage
from nasdip_core.fit.langevin import PosteriorAverage, disturb
from nasdip_core.fit.options import LangevinOptions
from nasdip_core.options import parse
from nasdip_core.pipeline.api import restore
from nasdip_core.restoration import RestorationProblem

MakeFit = Callable[..., Any]


def outputs(count: int) -> list[dict[str, Tensor]]:
    draws = torch.Generator().manual_seed(0)
    return [{"x": torch.randn(1, 1, 3, 4, generator=draws)} for _ in range(count)]


def test_mean_and_deviation_of_what_is_drawn() -> None:
    average = PosteriorAverage(0.9, LangevinOptions(burn_in=0.5, every=3), 40)
    seen = outputs(40)
    for output in seen:
        average.update(output)
    drawn = torch.stack([output["x"] for output in seen[22::3]])
    assert len(drawn) == 6
    assert torch.allclose(average.mean["x"], drawn.mean(dim=0), atol=1e-6)
    assert average.deviation is not None
    assert torch.allclose(average.deviation["x"], drawn.std(dim=0), atol=1e-6)


def test_before_the_burn_in_it_is_the_output_average() -> None:
    posterior = PosteriorAverage(0.9, LangevinOptions(burn_in=0.5), 40)
    plain = OutputAverage(0.9)
    for output in outputs(20):
        assert torch.equal(posterior.update(output)["x"], plain.update(output)["x"])
    assert posterior.deviation is None
    assert plain.deviation is None


def test_without_a_burn_in_there_is_a_mean_before_the_first_draw() -> None:
    average = PosteriorAverage(0.9, LangevinOptions(burn_in=0.0, every=3), 10)
    seen = outputs(4)
    for output in seen[:3]:
        assert "x" in average.update(output)
    assert torch.equal(average.update(seen[3])["x"], seen[3]["x"])


def test_it_goes_on_from_its_state() -> None:
    options = LangevinOptions(burn_in=0.1, every=2)
    first, second = (PosteriorAverage(0.9, options, 30) for _ in range(2))
    seen = outputs(30)
    for output in seen[:17]:
        first.update(output)
    second.load_state_dict(first.state_dict())
    for output in seen[17:]:
        assert torch.equal(first.update(output)["x"], second.update(output)["x"])
    assert first.deviation is not None
    assert second.deviation is not None
    assert torch.equal(first.deviation["x"], second.deviation["x"])


def test_kernels_are_disturbed_and_nothing_else() -> None:
    def moved(seed: int) -> list[Tensor]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            module = nn.Sequential(nn.Conv2d(3, 50, 5), nn.BatchNorm2d(50))
        before = [p.detach().clone() for p in module.parameters()]
        disturb([module], 0.02, torch.Generator().manual_seed(seed))
        return [p.detach() - b for p, b in zip(module.parameters(), before, strict=True)]

    kernel, *others = moved(1)
    assert float(kernel.std()) == pytest.approx(0.02, rel=0.05)
    assert all(float(other.abs().max()) == 0 for other in others)
    assert torch.equal(kernel, moved(1)[0])
    assert not torch.equal(kernel, moved(2)[0])


def test_an_interrupted_fit_draws_the_same(make_fit: MakeFit) -> None:
    noisy = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    langevin = LangevinOptions(noise=0.5, burn_in=0.2, every=2)
    architecture = parse(Architecture, TINY, "")

    def begun() -> Any:
        problem = RestorationProblem(noisy, deviation=lambda _: 0.1)
        return make_fit(problem, steps=30, langevin=langevin, architecture=architecture)[0]

    whole, first, second = begun(), begun(), begun()
    whole.advance(30)
    first.advance(13)
    second._load(first._state())
    second.advance(30)
    one, other = whole.found(), second.found()
    assert torch.equal(one.chosen["restored"], other.chosen["restored"])
    assert torch.equal(one.deviation["restored"], other.deviation["restored"])
    assert float(one.deviation["restored"].mean()) > 0


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ({}, True),
        ({"recipe.fits": 2}, True),
        ({"tile": 32}, False),
        ({"fit.langevin.every": 20}, False),
        ({"fit.langevin.noise": 0.0}, False),
    ],
)
def test_a_run_shows_where_it_is_not_sure(
    waves: np.ndarray, tmp_path: Path, options: dict[str, Any], written: bool
) -> None:
    words = {
        "corrupt.sigma": 20,
        "fit.steps": 20,
        "fit.stopping": "fixed",
        "fit.langevin.noise": 1.0,
        "fit.langevin.every": 2,
        **options,
    }
    picture = np.tile(waves, (2, 2, 1))
    done = restore(picture, "denoise", arch={"architecture": TINY}, options=words, output=tmp_path)
    assert ("uncertainty" in done.pictures) == written
    asked = bool(words["fit.langevin.noise"])
    assert any("uncertainty" in note for note in done.notes) == (asked and not written)
    if written:
        deviation = np.load(tmp_path / "uncertainty.npy")
        assert deviation.shape == picture.shape
        assert 0 < deviation.mean() < 0.5
        assert (tmp_path / "uncertainty-shown.png").is_file()


def test_what_is_copied_is_certain(waves: np.ndarray, tmp_path: Path) -> None:
    words = {"fit.steps": 20, "fit.stopping": "fixed", "corrupt.missing": 0.3}
    words |= {"fit.langevin.noise": 1.0, "fit.langevin.every": 2}
    restore(waves, "inpaint", arch={"architecture": TINY}, options=words, output=tmp_path)
    deviation = np.load(tmp_path / "uncertainty.npy")
    with Image.open(tmp_path / "mask.png") as mask:
        missing = np.asarray(mask) > 0
    assert (deviation[~missing] == 0).all()
    assert deviation[missing].mean() > 0


def test_outputs_that_belong_to_their_weights_are_not_averaged(
    make_fit: MakeFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Target, "averaged", False)
    with pytest.raises(OptionError, match=r"fit\.langevin averages outputs"):
        make_fit(Target(), langevin={"noise": 0.02})
