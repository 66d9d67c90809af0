"""TensorBoard shows what a run tells, and nothing twice."""

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorboard")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from nasdip_core.errors import PluginError
from nasdip_core.fit.events import FitStarted, Rewound, StepDone
from nasdip_core.hooks import Run
from nasdip_core.testing import TrackerConformance
from nasdip_core.tracker import Tracker
from nasdip_plugins.tracker.tensorboard import Tensorboard


class TestTensorboard(TrackerConformance):
    @pytest.fixture
    def tracker(self) -> Callable[[], Tracker]:
        return Tensorboard


def scalars(folder: Path) -> dict[str, dict[int, float]]:
    """Return what TensorBoard reads in a folder: value by step by name."""
    read: Any = EventAccumulator(str(folder))
    read.Reload()
    return {
        name: {event.step: pytest.approx(event.value) for event in read.Scalars(name)}
        for name in read.Tags()["scalars"]
    }


def step(number: int, loss: float) -> StepDone:
    return StepDone("fit", number, 0.1, loss, {"restore": loss}, {"psnr": 20.0 + number}, None)


def test_every_number_of_a_step_is_there(tmp_path: Path) -> None:
    tracker = Tensorboard()
    tracker.begin(Run("waves", "denoise", tmp_path, {}))
    for event in (FitStarted("fit", 30), step(10, 0.5), step(20, 0.25)):
        tracker.observe(event)
    tracker.observe(StepDone("fit", 30, 0.2, float("nan")))
    tracker.end({})
    assert scalars(tmp_path / "tensorboard" / "fit") == {
        "loss": {10: 0.5, 20: 0.25},
        "losses/restore": {10: 0.5, 20: 0.25},
        "psnr": {10: 30.0, 20: 40.0},
    }


def test_what_was_undone_is_gone(tmp_path: Path) -> None:
    """After a divergence, and after an interruption."""
    tracker = Tensorboard()
    tracker.begin(Run("waves", "denoise", tmp_path, {}))
    for event in (FitStarted("fit", 30), step(10, 0.5), step(20, 0.9)):
        tracker.observe(event)
    tracker.observe(Rewound("fit", 22, 10, 0.5, "the loss rose"))
    tracker.observe(step(20, 0.3))
    tracker.end(None)
    again = Tensorboard()
    again.begin(Run("waves", "denoise", tmp_path, {}))
    again.observe(FitStarted("fit", 30, 10))
    again.observe(step(20, 0.2))
    again.end({})
    assert scalars(tmp_path / "tensorboard" / "fit")["loss"] == {10: 0.5, 20: 0.2}
    anew = Tensorboard()
    anew.begin(Run("waves", "denoise", tmp_path, {}))
    anew.observe(FitStarted("fit", 30))
    anew.observe(step(10, 0.7))
    anew.end({})
    assert scalars(tmp_path / "tensorboard" / "fit")["loss"] == {10: 0.7}


def test_a_run_without_a_folder_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tracker = Tensorboard()
    tracker.begin(Run("waves", "denoise", None, {}))
    tracker.observe(FitStarted("fit", 30))
    tracker.observe(step(10, 0.5))
    tracker.end({})
    assert list(tmp_path.iterdir()) == []


def test_it_says_how_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    load = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "torch.utils.tensorboard":
            raise ImportError(name)
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PluginError, match=r"not installed; pip install 'nasdip\[tensorboard\]'"):
        Tensorboard()
