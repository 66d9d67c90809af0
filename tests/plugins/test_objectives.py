"""Further terms of the loss: their values, and what they do to a fit."""

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from nasdip_core.architecture.specification import Use
from nasdip_core.errors import OptionError, PluginError
from nasdip_core.fit.events import Event, StepDone
from nasdip_core.imaging.samples import sample_path
from nasdip_core.pipeline.api import restore
from nasdip_core.plugins import Plugins
from nasdip_core.restoration import RestorationProblem
from nasdip_plugins.objective.red import Red
from nasdip_plugins.objective.total_variation import TotalVariation, loss_unit

TINY = {
    "architecture": {
        "levels": 2,
        "input": {"channels": 4},
        "encoder": {"widths": 8, "convolutions": 1},
        "decoder": {"widths": 8},
        "skip": {"widths": 2},
    }
}


def problem(level: float | None = 0.1) -> RestorationProblem:
    deviation = None if level is None else (lambda _: level)
    return RestorationProblem(torch.full((1, 1, 8, 8), 0.5), deviation=deviation)


def test_the_unit_of_the_loss() -> None:
    assert loss_unit(problem(0.1)) == pytest.approx(0.01)
    assert loss_unit(problem(None)) == 1


def test_total_variation_is_the_mean_slope(plugins: Plugins) -> None:
    term = TotalVariation(plugins, weight=2.0)
    term.begin(problem(None))
    step = torch.zeros(1, 1, 8, 8)
    step[..., 4:] = 1
    # One of eight columns has a slope of 1; the flat ones are smoothed by a thousandth.
    assert float(term.term(step, 1)) == pytest.approx(2 / 8, abs=2 * 0.0011)
    term.begin(problem(0.1))
    assert float(term.term(step, 1)) == pytest.approx(200 / 8, abs=0.3)


def test_red_denoises_now_and_then(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    term = Red(plugins, weight=1.0, sigma=None, every=3, denoiser=Use(uses="collaborative"))
    term.begin(problem(None))
    seen: list[float] = []

    def smooth(noisy: RestorationProblem, _: object) -> torch.Tensor:
        seen.append(noisy.noise_level())
        return torch.full_like(noisy.measured, float(noisy.measured.mean()))

    monkeypatch.setattr(term._denoiser, "refine", smooth)
    flat = torch.full((1, 1, 8, 8), 0.25)
    for step in range(1, 8):
        assert float(term.term(flat, step)) == 0
    assert seen == [pytest.approx(5 / 255)] * 3  # at steps 1, 3 and 6
    assert float(term.term(flat + 0.1, 7)) == pytest.approx(0.01)
    term.begin(problem(0.1))
    term.term(flat, 9)
    assert seen[-1] == pytest.approx(0.05)


def test_red_needs_a_denoiser(plugins: Plugins) -> None:
    with pytest.raises(PluginError, match="refine 'biharmonic' does not denoise"):
        Red(plugins, weight=1.0, sigma=None, every=3, denoiser=Use(uses="biharmonic"))
    with pytest.raises(OptionError, match=r"denoiser\.with\.pass"):
        Red(
            plugins,
            weight=1.0,
            sigma=None,
            every=3,
            denoiser=Use.model_validate({"uses": "collaborative", "with": {"pass": 1}}),
        )


@pytest.fixture
def small(tmp_path: Path) -> str:
    """A bundled picture, 64 pixels wide."""
    path = tmp_path / "camera.png"
    Image.open(sample_path("camera")).resize((64, 64)).save(path)
    return str(path)


def fit_small(path: str, objectives: list[Any], task: str = "denoise") -> tuple[Any, list[Event]]:
    events: list[Event] = []
    damage = {"corrupt.sigma": 25} if task == "denoise" else {"corrupt.missing": 0.5}
    words: dict[str, Any] = {
        **damage,
        "fit.steps": 40,
        "fit.stopping": "fixed",
        "fit.objectives": objectives,
    }
    done = restore(path, task, arch=TINY, options=words, observers=[events.append])
    return done, events


@pytest.mark.parametrize("task", ["denoise", "inpaint"])
def test_a_fit_is_smoother_and_says_what_it_cost(small: str, task: str) -> None:
    plain, _ = fit_small(small, [], task)
    strong = {"uses": "total-variation", "with": {"weight": 2.0}}
    smooth, events = fit_small(small, [strong, "red"], task)

    def roughness(done: Any) -> float:
        samples = done.picture.tensor()
        return float((samples[..., 1:] - samples[..., :-1]).abs().mean())

    if task == "denoise":
        assert roughness(smooth) < 0.7 * roughness(plain)
    steps = [event for event in events if isinstance(event, StepDone)]
    assert all(set(e.losses) == {"picture", "total-variation", "red"} for e in steps)


def test_tasks_without_one_picture_take_none() -> None:
    with pytest.raises(OptionError, match="takes no objectives"):
        restore("sample:camera", "separate", arch=TINY, options={
            "corrupt.other": "sample:brick", "fit.steps": 1, "fit.objectives": ["total-variation"],
        })  # fmt: skip
    with pytest.raises(PluginError, match="unknown objective 'tv'"):
        restore("sample:camera", "denoise", options={"fit.objectives": ["tv"]})
